-- permit: support
-- Grouping.
-- expect: rows 19
select c.name, count(*) from customers c group by c.name
