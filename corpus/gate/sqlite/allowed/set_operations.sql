-- permit: support
-- Unions and differences.
-- expect: rows 18
select id from customers union select id from products except select 2
