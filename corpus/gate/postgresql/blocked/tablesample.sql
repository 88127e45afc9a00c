-- permit: support
-- A sample is taken of tables, not of views.
-- expect: 0A000
select * from support.customers tablesample system (100)

-- expect: 42501
select * from public.customers tablesample system (100)
