-- permit: none support
-- Maintenance of others' tables is skipped with a warning.
-- expect: says skipping
analyze public.customers

-- expect: says skipping
vacuum verbose public.customers

-- expect: 42501
cluster public.customers using customers_pkey

-- expect: 42501
reindex table public.customers
