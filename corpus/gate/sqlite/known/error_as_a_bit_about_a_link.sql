-- permit: shipping
-- trust: sqlite-keys
-- hole: side-channel
-- A condition on a link fails or not, whether a hidden row has that key or nobody has.
-- expect: failed
select id from orders where customer_id > 4 and customer_id < 6 and abs(case when customer_id = 5 then -9223372036854775808 else 1 end);

-- expect: no rows
select id from orders where customer_id > 40 and customer_id < 60 and abs(case when customer_id = 50 then -9223372036854775808 else 1 end)
