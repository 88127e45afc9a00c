-- permit: support
-- Deleting, where the policy says nothing of it.
-- expect: 42501
delete from support.customers

-- expect: 42809
truncate support.customers

-- expect: 42501
truncate public.customers
