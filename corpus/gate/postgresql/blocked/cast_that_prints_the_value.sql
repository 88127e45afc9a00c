-- permit: support
-- A cast that fails prints the value it was given, if it is given a hidden one.
-- expect: no rows
select id from support.customers where id = 5 and cast(name as integer) > 0

-- expect: no rows
select id from support.customers where email like 'zqhid%' and cast(email as integer) > 0
