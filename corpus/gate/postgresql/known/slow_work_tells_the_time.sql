-- permit: support
-- trust: timing
-- hole: side-channel
-- How long a statement takes depends on hidden rows too: their pages and index entries are read before they are left out.
-- expect: says Buffers
explain (analyze, buffers, costs off, timing off, summary off) select * from support.customers where email = 'zq' || 'hidden5zq@example.jp'
