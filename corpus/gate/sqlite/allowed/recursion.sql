-- permit: support
-- A recursive step.
-- expect: rows 10
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select i, name from n left join customers on id = i
