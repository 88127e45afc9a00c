-- permit: none support
-- Giving away, and taking, what one does not have.
-- expect: 42501
grant select on public.customers to public

-- expect: says no privileges were granted
grant select on support.customers to shop_ship

-- expect: says no privileges were granted
grant usage on schema sekisho to public

-- expect: 42501
grant postgres to current_user

-- expect: 42501
grant shop_support to shop_ship
