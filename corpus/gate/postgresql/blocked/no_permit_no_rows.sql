-- Without a permit every view is empty, whichever schema it is in.
-- expect: says 0|0|0|0
select (select count(*) from support.customers), (select count(*) from news.customers),
  (select count(*) from answer_requests.customers), (select count(*) from answer_requests.orders)
