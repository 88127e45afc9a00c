-- login: shop_till
-- permit: till
-- A purpose that may create, change and delete.
-- expect: rows 1
begin; insert into orders (customer_id, total) values (6, 12) returning id

-- expect: rows 4
update orders set total = total + 1 where customer_id = 6 returning total

-- expect: rows 6
delete from order_items where order_id in (select id from orders where customer_id = 6) returning what

-- expect: rows 4
delete from orders where customer_id = 6 returning id

rollback
