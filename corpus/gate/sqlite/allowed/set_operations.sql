-- permit: support
-- Unions and differences.
-- expect: refused
select id from customers union select id from products except select 2
