-- permit: support
-- Columns of the table.
-- expect: refused
pragma table_info(customers);

-- expect: refused
select * from pragma_table_info('customers')
