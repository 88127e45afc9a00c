select id, name, email from customers
