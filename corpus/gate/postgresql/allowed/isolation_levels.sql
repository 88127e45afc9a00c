-- permit: support
-- Stricter transactions.
-- expect: says 19
begin isolation level serializable read only deferrable; select count(*) from customers; commit

-- expect: says 19
begin isolation level repeatable read; select count(*) from customers; commit
