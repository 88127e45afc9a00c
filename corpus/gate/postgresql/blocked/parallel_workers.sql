-- permit: support
-- Workers have other process ids; they read nothing more.
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 2

-- expect: says 19|0
select count(*), count(address) from support.customers

-- expect: no rows
select id from support.customers where id = 5 and cast(name as integer) > 0
