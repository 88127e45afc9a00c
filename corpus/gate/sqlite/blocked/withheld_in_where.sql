select id from customers where birth_date > 0
