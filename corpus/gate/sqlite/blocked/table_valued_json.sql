-- permit: support
-- A document made of the table.
-- expect: failed
select * from json_each((select json_group_array(address) from main.customers))
