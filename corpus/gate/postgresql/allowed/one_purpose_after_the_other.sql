-- permit: support
-- A session states another purpose with another permit.
-- expect: says 19
select count(*) from support.customers

-- enter: answer-requests
-- expect: says 1777-01-05
select birth_date from answer_requests.customers
