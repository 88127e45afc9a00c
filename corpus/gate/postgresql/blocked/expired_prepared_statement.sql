-- permit: support
-- A statement that was prepared under the permit looks for the permit each time it runs.
prepare held as select name from support.customers order by id

-- expect: rows 19
execute held

-- expect: rows 19
set plan_cache_mode = force_generic_plan; execute held

-- expect: rows 1
select sekisho.leave()

-- expect: no rows
execute held
