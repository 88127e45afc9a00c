-- permit: support
-- And with RESET ALL.
-- expect: done
reset all

-- expect: says 0
select count(*) from support.customers
