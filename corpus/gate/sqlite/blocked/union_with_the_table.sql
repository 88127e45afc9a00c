select id, name from customers union select id, address from main.customers
