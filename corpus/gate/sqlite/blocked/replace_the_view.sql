-- permit: support
-- Another view in place of ours.
-- expect: refused
drop view customers;

-- expect: refused
create temp view customers as select * from main.customers;

-- expect: rows 19
select * from customers
