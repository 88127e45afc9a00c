-- What the database at large allows: to everybody, and to whom by name; and who would keep what PUBLIC loses.
select current_database() as database,
  (select pg_get_userbyid(d.datdba) from pg_database d where d.datname = current_database()) as owner,
  exists (select from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
    where d.datname = current_database() and x.grantee = 0 and x.privilege_type = 'TEMPORARY') as public_temp,
  exists (select from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
    where n.nspname = 'public' and x.grantee = 0 and x.privilege_type = 'CREATE') as public_create,
  exists (select from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
    where p.oid = 'pg_catalog.lo_creat(integer)'::regprocedure and x.grantee = 0) as public_large_objects,
  (select coalesce(jsonb_agg(r.rolname order by r.rolname), '[]') from pg_roles r
    where r.rolcanlogin and not r.rolsuper
      and r.oid <> (select d.datdba from pg_database d where d.datname = current_database())
      and not exists (select from pg_database d, aclexplode(d.datacl) x where d.datname = current_database()
        and x.grantee = r.oid and x.privilege_type = 'TEMPORARY')) as others,
  (select coalesce(jsonb_agg(jsonb_build_array(pg_get_userbyid(x.grantee), x.privilege_type) order by 1), '[]')
    from pg_database d, aclexplode(d.datacl) x
    where d.datname = current_database() and x.grantee <> 0) as database_grants,
  (select coalesce(jsonb_agg(n.nspname), '[]') from pg_namespace n) as schemas,
  (select coalesce(jsonb_object_agg(r.rolname, concat_ws(' ',
      case when r.rolcanlogin then 'login' else 'nologin' end, case when r.rolinherit then 'inherit' else 'noinherit' end,
      case when r.rolsuper then 'superuser' else 'nosuperuser' end,
      case when r.rolcreatedb then 'createdb' else 'nocreatedb' end,
      case when r.rolcreaterole then 'createrole' else 'nocreaterole' end,
      case when r.rolreplication then 'replication' else 'noreplication' end,
      case when r.rolbypassrls then 'bypassrls' else 'nobypassrls' end)), '{}') from pg_roles r) as roles,
  to_regclass('sekisho.applied') is not null as governed
