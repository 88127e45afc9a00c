-- A permit entered after a savepoint goes with it.
begin; savepoint a

-- expect: says support
select sekisho.enter('{{service support}}')

-- expect: says 19
select count(*) from support.customers

rollback to a

-- expect: says 0
select count(*) from support.customers; rollback
