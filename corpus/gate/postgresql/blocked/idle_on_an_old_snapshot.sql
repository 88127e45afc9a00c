-- permit: support
-- A transaction in repeatable read that sits idle on a snapshot from before a withdrawal is ended by the watch.
begin isolation level repeatable read; select count(*) from support.customers

-- do: withdraw 6
-- do: watch
-- expect: 57P01
select name from support.customers where id = 6

-- on: second
-- enter: support
-- expect: no rows
select name from support.customers where id = 6
