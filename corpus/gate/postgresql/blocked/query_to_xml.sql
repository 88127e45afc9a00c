-- permit: none support
-- Functions that run a text as a query run it as who calls.
-- expect: 42501
select query_to_xml('select * from public.customers', true, true, '')

-- expect: 42501
select table_to_xml('public.customers', true, true, '')

-- expect: 42501
select * from ts_stat('select to_tsvector(name) from public.customers')
