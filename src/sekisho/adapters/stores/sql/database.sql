-- What the database at large allows: TEMP and CREATE for everybody, and who would keep TEMP when PUBLIC loses it.
select current_database() as database,
  exists (select from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
    where d.datname = current_database() and x.grantee = 0 and x.privilege_type = 'TEMPORARY') as public_temp,
  exists (select from pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
    where n.nspname = 'public' and x.grantee = 0 and x.privilege_type = 'CREATE') as public_create,
  (select coalesce(jsonb_agg(r.rolname order by r.rolname), '[]') from pg_roles r
    where r.rolcanlogin and not r.rolsuper
      and r.oid <> (select d.datdba from pg_database d where d.datname = current_database())
      and not exists (select from pg_database d, aclexplode(d.datacl) x where d.datname = current_database()
        and x.grantee = r.oid and x.privilege_type = 'TEMPORARY')) as temp_users,
  (select coalesce(jsonb_agg(n.nspname), '[]') from pg_namespace n) as schemas,
  (select coalesce(jsonb_agg(r.rolname), '[]') from pg_roles r) as roles,
  to_regclass('sekisho.applied') is not null as governed
