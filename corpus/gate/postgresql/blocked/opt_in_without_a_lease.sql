-- login: shop_auto_news
-- A purpose held by role that needs a yes is closed when the service is silent.
-- do: close
-- expect: no rows
select * from customers
