with x as (select name from customers) select * from x
