-- permit: none support
-- Roles of others, and more for one's own.
-- expect: 42501
alter role shop_ship password 'x'

-- expect: 42501
alter role current_user superuser

-- expect: 42501
alter role current_user bypassrls

-- expect: 42501
alter role current_user createrole

-- expect: 42501
alter role postgres set search_path = mine

-- expect: 42501
create role mine login

-- expect: 42501
drop role shop_ship
