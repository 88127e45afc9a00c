-- permit: support
-- Running numbers.
-- expect: rows 19
select id, row_number() over w, lag(name) over w, sum(id) over (order by id rows between 2 preceding and current row) from customers window w as (order by id)
