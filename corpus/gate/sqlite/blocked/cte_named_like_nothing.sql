with x as (select address from main.customers) select * from x
