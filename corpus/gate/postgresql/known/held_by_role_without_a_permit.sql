-- login: shop_auto
-- permit: none
-- trust: held-by-role
-- hole: held-by-role
-- A service that holds its purpose by role reads without a permit; only its own client witnesses that.
-- expect: says zqaddress1zq
select address from customers order by id
