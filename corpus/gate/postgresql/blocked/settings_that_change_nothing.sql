-- permit: support
-- Settings that anybody may set: transactions read-only, planner hints, quoting of old.
set session characteristics as transaction read only; set enable_indexscan = off; set constraint_exclusion = on; set from_collapse_limit = 1; set join_collapse_limit = 1; set local synchronous_commit = off

-- expect: no rows
select id from support.customers where id = 5 and cast(name as integer) > 0

-- expect: says 19|0|0
select count(*), count(address), count(birth_date) from support.customers
