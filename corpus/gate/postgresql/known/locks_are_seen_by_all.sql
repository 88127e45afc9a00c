-- permit: none
-- trust: catalogue
-- hole: side-channel
-- Everybody sees which tables others have locked, and so when something is being written.
-- on: second
-- enter: support
begin; insert into support.customers (id, name) values (700, 'x')

-- expect: says customers
select relation::regclass, mode from pg_locks where mode = 'RowExclusiveLock' and relation = 'public.customers'::regclass

-- on: second
rollback
