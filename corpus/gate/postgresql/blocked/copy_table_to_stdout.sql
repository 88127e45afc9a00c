-- permit: none support
-- The protocol's copy mode.
-- expect: 42501
copy public.customers to stdout

-- expect: 42501
copy (select address from public.customers) to stdout
