-- permit: none support
-- An order's lines belong to no purpose of this login.
-- expect: 42501
select * from public.order_items

-- expect: 42P01
select * from support.order_items
