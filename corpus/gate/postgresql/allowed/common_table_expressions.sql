-- permit: support
-- Named steps, one of them recursive.
-- expect: rows 10
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10), few as (select * from customers)
select n.i, few.name from n left join few on few.id = n.i order by 1
