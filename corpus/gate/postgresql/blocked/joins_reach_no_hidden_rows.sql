-- permit: support
-- Outer joins, set operations and sub-selects.
-- expect: no rows
select c.name from generate_series(1, 20) n left join support.customers c on c.id = n where n = 5 and c.id is not null

-- expect: no rows
select id from support.customers intersect select 5

-- expect: says f
select exists (select from support.customers where id = 5)
