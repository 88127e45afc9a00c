-- A transaction's own id is not the id of its subtransactions: one may read in them, nobody else does.
begin; select sekisho.enter('{{service support}}'); savepoint a; savepoint b

-- expect: says 19
select count(*) from support.customers

-- on: second
-- expect: says 0
select count(*) from support.customers

commit
