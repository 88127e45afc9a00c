select * from json_each((select json_group_array(address) from main.customers))
