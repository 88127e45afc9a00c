-- login: shop_till
-- permit: none till
-- An order for a person who does not stand and one for a number that nobody has are refused alike.
-- expect: 42501
insert into orders (customer_id, total) values (5, 1)

-- expect: 42501
insert into orders (customer_id, total) values (55555, 1)
