-- permit: support
-- trust: waiting
-- hole: side-channel
-- Whoever may write a person's row can lock it, and a withdrawal waits; it is acknowledged only when it is done.
begin; select id from support.customers where id = 6 for update

-- on: second
-- enter: support
-- expect: 55P03
select id from support.customers where id = 6 for update

rollback
