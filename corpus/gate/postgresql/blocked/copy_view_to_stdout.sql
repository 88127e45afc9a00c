-- permit: none
-- Copying what a view shows, without a permit.
-- expect: no rows
copy (select * from support.customers) to stdout
