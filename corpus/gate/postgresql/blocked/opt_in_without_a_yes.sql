-- permit: news
-- A purpose that needs a yes sees nobody who did not say it.
-- do: tick
-- expect: no rows
select * from news.customers
