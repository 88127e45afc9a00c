-- permit: support
-- Another session of the same login and the same secret has another process id.
-- on: second
-- expect: says 0
select count(*) from support.customers
