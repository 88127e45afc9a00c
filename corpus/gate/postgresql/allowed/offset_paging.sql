-- permit: support
-- A page by number.
-- expect: rows 5
select id, count(*) over () from customers order by id offset 10 fetch first 5 rows only
