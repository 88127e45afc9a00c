-- permit: none support
-- Statistics objects and targets.
-- expect: 42501
create statistics public.mine on name, email from public.customers

-- expect: 42501
alter table public.customers alter column birth_date set statistics 10000
