-- login: shop_ship
-- permit: shipping
-- A purpose with other columns and another table.
-- expect: rows 57
select c.name, c.address, o.ship_to from customers c join orders o on o.customer_id = c.id
