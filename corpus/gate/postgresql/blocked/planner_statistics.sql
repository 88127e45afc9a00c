-- permit: none support
-- What the planner remembers of values.
-- expect: no rows
select * from pg_stats where schemaname = 'public' and tablename in ('customers', 'orders', 'order_items')

-- expect: 42501
select * from pg_statistic

-- expect: no rows
select * from pg_stats_ext

-- expect: 42501
select * from pg_statistic_ext_data
