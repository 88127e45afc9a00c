-- permit: support
-- Counting and grouping.
-- expect: rows 2
select length(name), count(*), min(email), group_concat(id, ',') from customers group by 1 having count(*) > 1
