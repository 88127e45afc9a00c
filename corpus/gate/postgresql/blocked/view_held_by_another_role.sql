-- permit: none support
-- The views that a service holds by its role.
-- expect: 42501
select * from shipping__role.customers
