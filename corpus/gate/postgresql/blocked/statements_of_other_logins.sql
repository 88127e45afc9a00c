-- permit: none support
-- What others are running.
-- on: second as shop_ship
-- enter: shipping
-- expect: rows 19
select id, name, address from shipping.customers order by id

-- on: first
-- expect: says insufficient privilege
select usename, query from pg_stat_activity where usename = 'shop_ship' or usename = 'postgres'
