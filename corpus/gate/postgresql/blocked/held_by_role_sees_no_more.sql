-- login: shop_auto
-- A service that holds its purpose by role meets the same columns and the same standing.
-- expect: says 19|0|0
select count(*), count(email), count(birth_date) from customers

-- expect: 42501
select * from public.customers

-- expect: 42501
select * from support.customers

-- expect: no rows
select 1 from customers where id = 5
