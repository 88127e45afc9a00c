-- permit: support
-- Places, transactions and tables of rows.
-- expect: 42703
select ctid from support.customers

-- expect: 42703
select xmin, xmax, tableoid from support.customers

-- expect: 42501
select ctid from public.customers
