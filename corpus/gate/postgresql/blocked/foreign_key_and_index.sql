-- permit: none support
-- Constraints and indexes over others' tables.
-- expect: 42501
create unique index on public.customers (birth_date)

-- expect: 42501
create table public.probe (id integer references public.customers (id))
