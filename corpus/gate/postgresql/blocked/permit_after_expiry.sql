-- permit: support
-- A permit that is over.
-- do: expire
-- expect: says 0
select count(*) from support.customers
