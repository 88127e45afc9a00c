-- permit: support
-- A withdrawal is obeyed from the next statement on.
-- expect: says 19
select count(*) from support.customers

-- do: withdraw 6
-- expect: says 18
select count(*) from support.customers

-- expect: no rows
select 1 from support.customers where id = 6
