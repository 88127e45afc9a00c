-- permit: support
-- A transaction that outlives its session.
-- expect: 55000
begin; select name from support.customers where id = 1; prepare transaction 'mine'
