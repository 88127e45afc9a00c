-- permit: support
-- trust: put-aside
-- hole: outlives
-- Locks that mean what one wants them to mean.
select pg_advisory_lock(ascii(substr(name, 3, 1))) from support.customers where id = 1

-- on: second
-- expect: says 110
select objid from pg_locks where locktype = 'advisory' and classid = 0 and objsubid = 1
