-- permit: none support
-- Row policies of one's own.
-- expect: 42501
create policy mine on public.customers using (true)

-- expect: 42501
alter table public.customers disable row level security
