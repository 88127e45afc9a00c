-- permit: none support
-- A schema of a purpose that the login's permits may not name.
-- expect: 42501
select * from shipping.customers
