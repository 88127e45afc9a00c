select c.name, count(*) from customers c group by c.name
