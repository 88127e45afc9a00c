-- permit: none support
-- Functions that take a record or a query read as who calls.
-- expect: 42501
select json_populate_record(null::public.customers, '{}') from public.customers

-- expect: 42501
select (jsonb_populate_record(c, '{}')).* from public.customers c

-- expect: 42501
select has_table_privilege('public.customers', 'select') or (select count(*) from public.customers) > 0
