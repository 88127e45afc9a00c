-- permit: support
-- A common table expression over the table.
-- expect: refused
with x as (select address from main.customers) select * from x
