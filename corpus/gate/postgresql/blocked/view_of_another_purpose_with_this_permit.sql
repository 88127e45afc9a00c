-- permit: support
-- The permit for one purpose opens no view of another one, though the login may state both.
-- expect: says 0|0
select (select count(*) from news.customers), (select count(*) from answer_requests.customers)
