-- permit: support
-- The same file under another name.
-- expect: refused
attach database 'shop.db' as other;

-- expect: refused
select address from other.customers
