-- login: shop_ship
-- permit: shipping
-- Locking rows is the beginning of writing them.
-- expect: 42501
select * from shipping.customers for update

-- expect: 42501
select * from shipping.customers for share
