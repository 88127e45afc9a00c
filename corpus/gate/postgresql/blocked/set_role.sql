-- permit: none support
-- Other roles.
-- expect: 42501
set role postgres

-- expect: 42501
set role shop_ship

-- expect: 42501
set role pg_read_all_data

-- expect: done
reset role

-- expect: 42501
select count(*) from public.customers
