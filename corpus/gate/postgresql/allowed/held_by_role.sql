-- login: shop_auto
-- A service bound to one purpose reads without a permit.
-- expect: says zqname2zq|zqaddress2zq
select name, address from customers where id = 2
