-- permit: support
-- A plan must not say the hidden name.
-- expect: rows 1
explain query plan select * from customers;

-- expect: says BitAnd
explain select * from customers
