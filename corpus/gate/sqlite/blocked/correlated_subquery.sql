select (select address from main.customers c where c.id = customers.id) from customers
