-- permit: support
-- Locks that an application uses for its own ends.
-- expect: rows 1
select pg_try_advisory_lock(42), pg_advisory_unlock(42)
