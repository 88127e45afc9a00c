-- What a service does: enter, read, write, commit.
-- expect: says zqname2zq
begin; select sekisho.enter('{{service support}}'); select name from customers where id = 2; update customers set name = name where id = 2; commit

-- expect: says zqname3zq
begin; select sekisho.enter('{{service support}}'); select name from customers where id = 3; commit
