-- permit: none
-- trust: explain-counts
-- hole: side-channel
-- Without a permit the plan runs no scan, but says how large the table is thought to be.
-- expect: says rows=
explain select * from support.customers
