-- The permit that one connection has used, on another of the same login.
-- expect: says support
select sekisho.enter('{{token support}}')

-- on: second
-- expect: 42501
select sekisho.enter('{{token support}}')

-- on: second
-- expect: says 0
select count(*) from support.customers
