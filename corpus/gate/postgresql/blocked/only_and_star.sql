-- permit: none support
-- Inheritance words change nothing.
-- expect: 42501
select * from only public.customers

-- expect: 42501
select * from public.customers *
