-- permit: support
-- A table to put aside what the permit shows.
-- expect: 42501
create table public.aside as select * from support.customers

-- expect: 42501
select * into support.aside from support.customers

-- expect: 42501
create materialized view public.aside as select * from support.customers
