-- login: shop_pooled
-- A login behind a pooler gets no session permit, and its transaction permit leaves no session behind.
begin; select sekisho.enter('{{service support}}'); commit

-- expect: says |0
select current_setting('sekisho.session', true), (select count(*) from support.customers)
