-- permit: support
-- Running numbers.
-- expect: rows 19
select name, row_number() over (order by id) from customers
