-- permit: support
-- The same table by every name there is.
-- expect: no rows
select * from temp.customers limit 0;

-- expect: refused
select address from temp.customers;

-- expect: refused
select * from 'main'.'customers';

-- expect: refused
select * from "main".[customers];

-- expect: refused
select * from MAIN.CUSTOMERS;

-- expect: refused
select * from main.orders;

-- expect: refused
select * from orders
