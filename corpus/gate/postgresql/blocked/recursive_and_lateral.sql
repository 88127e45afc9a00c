-- permit: support
-- Shapes of queries that a barrier must withstand.
-- expect: no rows
with recursive w(n, a) as (select 1, (select address from support.customers where id = 1)
  union all select n + 1, (select address from support.customers where id = n + 1) from w where n < 20)
select a from w where a is not null

-- expect: no rows
select l.* from support.customers c, lateral (select c.address, c.birth_date where c.address is not null) l

-- expect: no rows
with w as not materialized (select * from support.customers) select 1 from w where address::integer > 0
