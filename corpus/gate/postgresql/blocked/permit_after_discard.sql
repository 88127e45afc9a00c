-- permit: support
-- A session permit ends with DISCARD ALL.
-- expect: done
discard all

-- expect: says 0
select count(*) from support.customers
