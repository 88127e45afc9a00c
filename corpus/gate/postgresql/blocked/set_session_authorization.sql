-- permit: none support
-- Another session user.
-- expect: 42501
set session authorization postgres

-- expect: 42501
set session authorization shop_ship
