-- permit: answer-requests
-- The permit to answer one person's request shows that person; errors say nothing of others either.
-- expect: rows 1
select id, email from customers;

-- expect: no rows
select id from customers where email > 'zqemail6' and email < 'zqemail7' and abs(case when email like '%6zq' then -9223372036854775808 else 1 end);

-- expect: no rows
select * from customers where id <> 4;

-- expect: rows 3
select total from orders
