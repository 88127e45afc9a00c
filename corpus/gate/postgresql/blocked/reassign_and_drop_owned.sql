-- permit: none support
-- What belongs to others.
-- expect: 42501
reassign owned by postgres to current_user

-- expect: 42501
drop owned by postgres

-- expect: 42501
alter table public.customers owner to current_user
