-- permit: support
-- A passage reads.
-- expect: refused
insert into customers (name) values ('x');

-- expect: failed
update customers set name = 'x';

-- expect: failed
delete from customers;

-- expect: refused
replace into main.products values (1, 'x');

-- expect: refused
insert into products values (3, 'x') returning *
