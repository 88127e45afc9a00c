-- login: shop_pooled
-- permit: none
-- trust: held-cursors
-- hole: outlives
-- On a backend that a pooler lends from one client to the next, the next one can fetch from it.
begin; select sekisho.enter('{{service support}}'); declare held cursor with hold for select name from support.customers order by id; commit

-- expect: says zqname1zq
begin; fetch all from held; commit
