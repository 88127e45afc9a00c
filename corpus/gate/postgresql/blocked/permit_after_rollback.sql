-- What was entered in a transaction that is rolled back was not entered.
begin; select sekisho.enter('{{token support}}'); rollback

-- expect: says 0
select count(*) from support.customers
