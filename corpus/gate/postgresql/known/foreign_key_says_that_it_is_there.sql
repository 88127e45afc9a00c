-- login: shop_till
-- permit: none
-- trust: foreign-keys
-- hole: side-channel
-- An order for a number that nobody has fails otherwise than one for a person who is there.
-- expect: 44000
insert into orders (customer_id, total) values (5, 1)

-- expect: 44000
insert into orders (customer_id, total) values (55555, 1)

-- enter: till
-- expect: 23503
begin; insert into orders (customer_id, total) values (55555, 1)

rollback
