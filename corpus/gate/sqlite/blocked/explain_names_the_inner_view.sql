explain query plan select * from customers;
explain select * from customers
