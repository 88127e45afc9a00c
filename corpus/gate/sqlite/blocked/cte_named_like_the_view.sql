-- permit: support
-- A common table expression named like the view: an authoriser that trusts the name is fooled.
-- expect: refused
with customers as (select * from main.customers) select * from customers
