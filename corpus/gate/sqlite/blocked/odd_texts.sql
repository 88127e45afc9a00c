-- permit: support
-- Texts that are no statements.
-- expect: no rows
--;

-- expect: failed
select * from customers where;

-- expect: failed
select ?;

-- expect: failed
select :name from customers;

-- expect: refused
explain pragma table_info(customers)
