-- permit: none support
-- The table itself, by its schema.
-- expect: 42501
select * from public.customers

-- expect: 42501
table public.order_items
