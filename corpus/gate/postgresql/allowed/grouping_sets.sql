-- permit: support
-- Subtotals.
-- expect: done
select length(name), id % 2, count(*) from customers group by grouping sets ((1, 2), (1), ()) order by 1, 2
