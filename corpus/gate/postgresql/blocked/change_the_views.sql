-- permit: none support
-- The views themselves.
-- expect: 42501
create or replace view support.customers as select * from public.customers

-- expect: 42501
alter view support.customers reset (security_barrier)

-- expect: 42501
alter view support.customers set (security_invoker = true)

-- expect: 42501
drop view support.customers

-- expect: 42501
alter schema support rename to mine
