-- permit: support
-- A temporary table to put aside what the permit shows.
-- expect: 42501
create temporary table aside as select * from support.customers
