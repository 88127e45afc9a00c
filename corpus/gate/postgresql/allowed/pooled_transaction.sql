-- login: shop_pooled
-- The same behind a pooler.
-- expect: says zqname2zq
begin; select sekisho.enter('{{service support}}'); select name from customers where id = 2; commit
