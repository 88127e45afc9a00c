-- permit: support
-- The table by its schema.
-- expect: refused
select address, birth_date from main.customers
