-- permit: answer-requests
-- The permit to answer one person's request shows that person, and what is that person's.
-- expect: says 4
select id from answer_requests.customers

-- expect: no rows
select * from answer_requests.customers where id <> 4

-- expect: says 4
select distinct customer_id from answer_requests.orders
