-- A pooler hands one backend to two clients: the second one has no permit.
begin; select sekisho.enter('{{service support}}')

commit

-- expect: says 0
begin; select count(*) from support.customers; commit
