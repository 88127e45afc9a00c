with customers as (select * from main.customers) select * from customers
