-- permit: support
-- A view of one's own.
-- expect: 42501
create view public.mine as select * from support.customers
