-- permit: support
-- A plain read.
-- expect: rows 19
select id, name, email from customers
