-- permit: none support
-- Where the server keeps long values.
-- expect: 42501
select * from pg_catalog.pg_largeobject

-- expect: 42501
do $$ begin execute format('select * from %s', (select reltoastrelid::regclass from pg_class where oid = 'public.customers'::regclass)); end $$
