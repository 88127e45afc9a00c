-- permit: support
-- Counting and grouping.
-- expect: rows 2
select length(name), count(*), min(email), array_agg(id order by id) from customers group by length(name) having count(*) > 1
