-- permit: none support
-- The counters of tables.
-- expect: 42501
select last_value from public.customers_id_seq

-- expect: 42501
select last_value from public.orders_id_seq
