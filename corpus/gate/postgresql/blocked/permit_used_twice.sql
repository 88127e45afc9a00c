-- A permit of a person is used once, also where the first use is rolled back.
-- expect: done
begin; select sekisho.enter('{{token support}}'); rollback

-- expect: 42501
select sekisho.enter('{{token support}}')

-- expect: says 0
select count(*) from support.customers
