-- permit: support
-- The row as one value.
-- expect: rows 19
select c from support.customers c
