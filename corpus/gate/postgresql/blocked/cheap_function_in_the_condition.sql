-- permit: support
-- A function without side effects that the planner would like to run first; the barrier runs first.
-- expect: rows 19
select id from support.customers where length(name) >= 0 and (name ~ 'x' or true) and id <> length(repeat(name, 0)) - 1
