-- permit: support
-- Unions and differences.
-- expect: rows 18
select id from customers except select id from customers where id = 2 union all select null where false
