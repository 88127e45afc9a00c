select title from products
