-- permit: support
-- trust: explain-counts
-- hole: side-channel
-- EXPLAIN ANALYZE says how many rows a filter removed: one look at one hidden row.
set enable_seqscan = off; set enable_bitmapscan = off

-- expect: says Rows Removed by Filter: 1
explain (analyze, costs off, timing off, summary off) select * from support.customers where id = 5
