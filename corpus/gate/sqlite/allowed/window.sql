select name, row_number() over (order by id) from customers
