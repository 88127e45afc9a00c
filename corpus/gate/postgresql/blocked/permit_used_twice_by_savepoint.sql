-- The same by savepoints, in one transaction.
begin; savepoint a; select sekisho.enter('{{token support}}'); rollback to a

-- expect: 42501
select sekisho.enter('{{token support}}')

rollback

-- expect: says 0
select count(*) from support.customers
