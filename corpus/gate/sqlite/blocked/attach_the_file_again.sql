attach database 'shop.db' as other;
select address from other.customers
