-- The catalogue's own account of everything that the gate stands on, one row an object; compared with what was applied.
with ours(nspname) as (values ('sekisho') union select unnest(%(schemas)s::text[])),
governed(oid) as (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = %(schema)s and c.relname = any(%(tables)s))
select 'view' as kind, n.nspname || '.' || c.relname as name,
    jsonb_build_array(pg_get_viewdef(c.oid), pg_get_userbyid(c.relowner), c.relacl::text, c.reloptions::text)::text as state
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join ours o on o.nspname = n.nspname where c.relkind = 'v'
union all
select 'relation', n.nspname || '.' || c.relname, jsonb_build_array(c.relkind::text, pg_get_userbyid(c.relowner), c.relacl::text)::text
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join ours o on o.nspname = n.nspname where c.relkind not in ('v', 'i', 't')
union all
select 'schema', n.nspname, jsonb_build_array(pg_get_userbyid(n.nspowner), n.nspacl::text)::text
  from pg_namespace n join ours o on o.nspname = n.nspname
union all
select 'function', n.nspname || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    jsonb_build_array(md5(p.prosrc), pg_get_userbyid(p.proowner), p.proacl::text, p.proconfig::text, p.prosecdef)::text
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join ours o on o.nspname = n.nspname
union all
select 'table', c.relname, jsonb_build_array(pg_get_userbyid(c.relowner), c.relacl::text, c.relkind::text, c.relrowsecurity,
    (select jsonb_agg(jsonb_build_array(a.attname, a.attacl::text) order by a.attnum) from pg_attribute a
      where a.attrelid = c.oid and a.attacl is not null),
    (select jsonb_agg(r.rulename order by r.rulename) from pg_rewrite r where r.ev_class = c.oid),
    (select jsonb_agg(inhparent::regclass::text) from pg_inherits i where i.inhrelid = c.oid),
    (select jsonb_agg(inhrelid::regclass::text) from pg_inherits i where i.inhparent = c.oid),
    c.relforcerowsecurity)::text
  from pg_class c join governed g on g.oid = c.oid
union all
select 'policy', c.relname || '.' || p.polname, jsonb_build_array(p.polcmd::text, p.polpermissive,
    (select jsonb_agg(case when r = 0 then 'public' else pg_get_userbyid(r) end order by 1) from unnest(p.polroles) r),
    pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))::text
  from pg_policy p join governed g on g.oid = p.polrelid join pg_class c on c.oid = p.polrelid
union all
select 'trigger', c.relname || '.' || t.tgname, jsonb_build_array(pg_get_triggerdef(t.oid), t.tgenabled::text)::text
  from pg_trigger t join governed g on g.oid = t.tgrelid join pg_class c on c.oid = t.tgrelid where not t.tgisinternal
union all
select 'role', r.rolname, jsonb_build_array(r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls,
    r.rolcanlogin, (select jsonb_agg(pg_get_userbyid(m.roleid) order by 1) from pg_auth_members m where m.member = r.oid),
    case when r.rolname = any(%(own_roles)s)
      then (select jsonb_agg(pg_get_userbyid(m.member) order by 1) from pg_auth_members m where m.roleid = r.oid) end,
    has_database_privilege(r.oid, current_database(), 'TEMP'), has_schema_privilege(r.oid, %(schema)s, 'CREATE'))::text
  from pg_roles r where r.rolname = any(%(roles)s)
union all
select 'purpose', number::text, jsonb_build_array(name, clause)::text from sekisho.purpose
union all
select 'login', name, jsonb_build_array(ceiling::text, pooled)::text from sekisho.login
