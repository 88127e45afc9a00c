-- login: shop_till
-- permit: till
-- Rows that belong to people stand where every owner stands: not read, not written, not deleted, not made.
-- expect: no rows
select * from orders where customer_id = 5

-- expect: no rows
delete from orders where customer_id = 5 returning *

-- expect: no rows
update orders set total = total where customer_id = 5 returning *

-- expect: no rows
select * from order_items i where not exists (select from orders o where o.id = i.order_id)

-- expect: 42501
insert into orders (customer_id, total) values (5, 1)

-- expect: 42501
update orders set customer_id = 5 where customer_id = 6
