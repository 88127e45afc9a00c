pragma table_info(customers);
select * from pragma_table_info('customers')
