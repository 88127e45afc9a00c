create temp view peek as select * from main.customers;
select * from peek
