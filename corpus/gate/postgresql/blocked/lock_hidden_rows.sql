-- permit: support
-- A hidden row is not locked, so nobody waits for it.
begin; select id from support.customers where id in (4, 5, 6) for update

-- on: second
-- enter: support
-- expect: says 5
-- expect: done
select id from support.customers where id in (4, 6) for update skip locked

rollback
