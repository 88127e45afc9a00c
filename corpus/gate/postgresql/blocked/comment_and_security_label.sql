-- permit: none support
-- Notes on others' objects.
-- expect: 42501
comment on table public.customers is 'mine'

-- expect: 42501
comment on view support.customers is 'mine'

-- expect: 22023
security label on view support.customers is 'mine'
