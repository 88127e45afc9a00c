select id from customers order by address
