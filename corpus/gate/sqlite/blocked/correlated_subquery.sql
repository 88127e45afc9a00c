-- permit: support
-- A sub-select that names the table.
-- expect: refused
select (select address from main.customers c where c.id = customers.id) from customers
