-- permit: support
-- Everything of a row: withheld columns are NULL.
-- expect: rows 19
select * from support.customers
