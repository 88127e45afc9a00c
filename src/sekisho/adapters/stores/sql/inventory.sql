-- Every table of one schema with columns, owner, grants, foreign keys, owned sequences and unique keys, in one round trip.
select c.relname as name,
  c.relkind::text as kind,
  c.relkind = 'p' or c.relispartition or exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent)) as family,
  pg_get_userbyid(c.relowner) as owner,
  coalesce((select jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum)
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns,
  coalesce((select jsonb_agg(jsonb_build_array(case when x.grantee = 0 then '' else pg_get_userbyid(x.grantee) end,
      x.privilege_type, x.is_grantable) order by x.ordinality)
    from aclexplode(c.relacl) with ordinality x where x.grantee <> c.relowner), '[]') as grants,
  coalesce((select jsonb_agg(jsonb_build_array(case when x.grantee = 0 then '' else pg_get_userbyid(x.grantee) end,
      x.privilege_type, a.attname) order by a.attnum)
    from pg_attribute a, aclexplode(a.attacl) x where a.attrelid = c.oid and a.attacl is not null), '[]') as column_grants,
  coalesce((select jsonb_agg(jsonb_build_array(
      (select jsonb_agg(a.attname order by k.ordinality) from unnest(f.conkey) with ordinality k(attnum, ordinality)
        join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum), r.relname))
    from pg_constraint f join pg_class r on r.oid = f.confrelid
    where f.conrelid = c.oid and f.contype = 'f' and f.convalidated and r.relnamespace = c.relnamespace), '[]') as foreign_keys,
  coalesce((select jsonb_agg(jsonb_build_array(sn.nspname, s.relname) order by s.relname)
    from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace sn on sn.oid = s.relnamespace
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
      and d.deptype in ('a', 'i')), '[]') as sequences,
  coalesce((select jsonb_agg((select jsonb_agg(a.attname order by k.ordinality)
      from unnest(i.indkey::int2[]) with ordinality k(attnum, ordinality)
      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum))
    from pg_index i where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
      and i.indpred is null and i.indexprs is null), '[]') as uniques,
  (c.relrowsecurity and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname like 'sekisho %%'))
    or exists (select from pg_policy p where p.polrelid = c.oid and p.polname not like 'sekisho %%') as row_security
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %(schema)s and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by c.relname
