-- permit: support
-- A common table expression.
-- expect: rows 19
with x as (select name from customers) select * from x
