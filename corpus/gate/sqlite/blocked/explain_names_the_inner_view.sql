-- permit: support
-- A plan must not say the hidden name.
-- expect: rows 1
explain query plan select * from customers;

-- expect: rows 32
explain select * from customers
