drop view customers;
create temp view customers as select * from main.customers;
select * from customers
