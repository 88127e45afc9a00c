-- permit: none support
-- A plan with everything that EXPLAIN can print, save counts.
-- expect: done
explain (analyze, verbose, buffers, settings, wal, timing off, summary off) select * from support.customers where name > 'a'
