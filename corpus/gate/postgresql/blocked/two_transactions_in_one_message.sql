-- A service's permit serves one transaction, also where the next one is in the same message.
-- expect: says 0
begin; select sekisho.enter('{{service support}}'); commit; select count(*) from support.customers
