-- permit: support
-- Prepared once, run often, with both kinds of plan.
prepare one (integer) as select name from customers where id = $1

-- expect: rows 7
execute one(1); execute one(2); execute one(3); execute one(4); execute one(6); execute one(7); execute one(8)

-- expect: says zqname9zq
set plan_cache_mode = force_generic_plan; execute one(9)
