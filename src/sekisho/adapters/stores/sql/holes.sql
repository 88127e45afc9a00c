-- Every way by which a governed table can be read without stating a purpose: who has it, and by what.
with governed as (select c.oid, c.relname, c.relowner, c.relacl from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = %(schema)s and c.relname = any(%(tables)s)),
people as (select r.* from pg_roles r where r.rolcanlogin),
loose as (select c.oid, c.relname, c.relowner, c.relacl from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = %(schema)s and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and c.relname <> all(%(tables)s) and c.relname <> all(%(open)s))
select 'superuser' as code, rolname as who, 'reads everything, whatever the gate says' as what from people where rolsuper
union all select 'bypassrls', rolname, 'has BYPASSRLS' from people where rolbypassrls and not rolsuper
union all select 'createrole', rolname, 'has CREATEROLE and can make itself a member of the owner' from people where rolcreaterole and not rolsuper
union all select 'replication', rolname, 'has REPLICATION and can stream every row' from people where rolreplication and not rolsuper
union all select 'read-all', p.rolname, 'is a member of ' || g.rolname from people p, pg_roles g
  where g.rolname in ('pg_read_all_data', 'pg_execute_server_program', 'pg_read_server_files') and not p.rolsuper
    and pg_has_role(p.oid, g.oid, 'member')
union all select 'owner-member', p.rolname, 'is a member of ' || g.rolname from people p, pg_roles g
  where g.rolname = any(%(own_roles)s) and not p.rolsuper and pg_has_role(p.oid, g.oid, 'member')
union all select 'owner', pg_get_userbyid(g.relowner), 'owns table ' || g.relname from governed g
  where pg_get_userbyid(g.relowner) <> all(%(own_roles)s)
union all select 'grant', case when x.grantee = 0 then 'PUBLIC' else pg_get_userbyid(x.grantee) end, 'has ' || x.privilege_type || ' on ' || g.relname
  from governed g, aclexplode(g.relacl) x where x.grantee <> g.relowner
    and (x.grantee = 0 or pg_get_userbyid(x.grantee) <> all(%(own_roles)s))
union all select 'column-grant', case when x.grantee = 0 then 'PUBLIC' else pg_get_userbyid(x.grantee) end,
    'has ' || x.privilege_type || ' on ' || g.relname || '.' || a.attname
  from governed g join pg_attribute a on a.attrelid = g.oid, aclexplode(a.attacl) x where x.grantee <> g.relowner
union all select distinct 'view', n.nspname || '.' || v.relname, 'reads ' || g.relname
  from governed g join pg_depend d on d.refobjid = g.oid and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite w on w.oid = d.objid join pg_class v on v.oid = w.ev_class join pg_namespace n on n.oid = v.relnamespace
  where n.nspname <> all(%(schemas)s)
union all select distinct 'function', n.nspname || '.' || p.proname, 'is a definer function of somebody who can read'
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join governed g on has_table_privilege(p.proowner, g.oid, 'SELECT')
  where p.prosecdef and n.nspname not in ('sekisho', 'pg_catalog', 'information_schema')
    and (p.proacl is null or exists (select from aclexplode(p.proacl) x where x.privilege_type = 'EXECUTE' and x.grantee <> p.proowner))
union all select 'publication', p.pubname, 'publishes ' || coalesce(nullif(t.tablename, ''), 'tables')
  from pg_publication p join pg_publication_tables t on t.pubname = p.pubname
  where t.schemaname = %(schema)s and t.tablename = any(%(tables)s)
union all select 'event-trigger', e.evtname, 'runs at ' || e.evtevent from pg_event_trigger e where e.evtenabled <> 'D'
union all select 'extension', x.extname, 'can reach other sessions or databases' from pg_extension x
  where x.extname in ('dblink', 'postgres_fdw', 'file_fdw', 'pg_stat_statements', 'adminpack', 'pageinspect', 'pg_buffercache')
union all select 'language', l.lanname, 'is an untrusted language' from pg_language l
  where l.lanispl and not l.lanpltrusted
union all select 'create', r.rolname, 'may create objects in the database' from pg_roles r
  where r.rolname = any(%(logins)s) and (has_database_privilege(r.oid, current_database(), 'CREATE')
    or has_database_privilege(r.oid, current_database(), 'TEMP') or has_schema_privilege(r.oid, %(schema)s, 'CREATE'))
union all select 'member', p.rolname, 'can become ' || pg_get_userbyid(m.roleid)
  from people p join pg_auth_members m on m.member = p.oid where p.rolname = any(%(logins)s) and not p.rolsuper
union all select 'policy', p.polname, 'is a row-level policy on ' || g.relname || ' that is not the gate''s'
  from governed g join pg_policy p on p.polrelid = g.oid where p.polname not like 'sekisho %%'
union all select 'unmapped-grant', case when x.grantee = 0 then 'PUBLIC' else pg_get_userbyid(x.grantee) end,
    'has ' || x.privilege_type || ' on ' || l.relname || ', which the map does not know'
  from loose l, aclexplode(l.relacl) x where x.grantee = 0 or pg_get_userbyid(x.grantee) = any(%(logins)s)
union all select 'unmapped-grant', case when x.grantee = 0 then 'PUBLIC' else pg_get_userbyid(x.grantee) end,
    'has ' || x.privilege_type || ' on ' || l.relname || '.' || a.attname || ', which the map does not know'
  from loose l join pg_attribute a on a.attrelid = l.oid, aclexplode(a.attacl) x
  where x.grantee = 0 or pg_get_userbyid(x.grantee) = any(%(logins)s)
union all select 'view-grant', case when x.grantee = 0 then 'PUBLIC' else pg_get_userbyid(x.grantee) end,
    'has ' || x.privilege_type || ' on ' || n.nspname || '.' || c.relname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) x
  where n.nspname = any(%(schemas)s) and x.grantee <> c.relowner
    and (x.grantee = 0 or pg_get_userbyid(x.grantee) <> all(%(logins)s))
union all select 'plain-client', 'every purpose login',
    'a client that is not ours: its permit is witnessed, its statements are not'
union all select 'snapshot', 'every purpose login',
    'a transaction that keeps its snapshot sees people as they stood when it began, until it is ended'
union all select 'side-channel', 'every purpose login',
    'EXPLAIN tells counts and guesses over all rows; a unique key says that a hidden value exists; the catalogue is open'
union all select 'outlives', 'every purpose login',
    'a cursor held, a setting or a notification keeps what a permit showed, and a session''s secret can be put back'
union all select 'same-login', 'every purpose login', 'sessions of one login see each other''s statements and can end each other'
union all select 'held-by-role', r.rolname, 'holds its purpose by role: its statements are witnessed only by its own client'
  from pg_roles r where r.rolname = any(%(bound)s)
order by 1, 2, 3
