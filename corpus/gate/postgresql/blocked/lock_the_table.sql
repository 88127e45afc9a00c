-- permit: support
-- Locking the whole table.
-- expect: 42501
begin; lock table support.customers in access exclusive mode

rollback

-- expect: 42501
begin; lock table public.customers in access share mode

rollback
