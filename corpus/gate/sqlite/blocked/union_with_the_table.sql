-- permit: support
-- A union with the table.
-- expect: refused
select id, name from customers union select id, address from main.customers
