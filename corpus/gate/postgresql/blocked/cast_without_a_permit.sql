-- The same without a permit, over everybody.
-- expect: no rows
select id from support.customers where cast(name as integer) > 0

-- expect: no rows
select id from support.customers where 1 / (id - 6) > 0
