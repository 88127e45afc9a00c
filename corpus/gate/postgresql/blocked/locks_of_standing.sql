-- permit: none support
-- The locks by which a withdrawal and a new row wait for each other are rows that only the gate touches.
-- expect: 42501
select * from sekisho.bucket for update

-- expect: 42501
begin; lock table sekisho.bucket

rollback

-- expect: 42501
delete from sekisho.bucket

-- Advisory locks of any number stop nothing.
select pg_advisory_lock(1936024435, n) from generate_series(-1, 1023) n

-- do: withdraw 6
-- on: second
-- enter: support
-- expect: no rows
select 1 from support.customers where id = 6
