-- A chained transaction is another one.
begin; select sekisho.enter('{{service support}}'); commit and chain

-- expect: says 0
select count(*) from support.customers

rollback and chain

-- expect: says 0
select count(*) from support.customers; commit
