-- permit: support
-- An application's own statement, with no schema in it, meets the view.
-- expect: rows 1
select customers.id, customers.name, customers.email, customers.address, customers.created_at from customers where customers.id = 2 limit 21
