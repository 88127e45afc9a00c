-- A permit that is over cannot be entered with.
-- expect: says 0
select count(*) from support.customers where '{{service support}}' <> ''

-- do: expire
-- expect: 42501
select sekisho.enter('{{service support}}')
