-- permit: support
-- An error as an answer of one bit about a hidden row.
-- expect: no rows
select id from customers where email >= 'zqh' and email < 'zqi' and abs(case when email like '%5zq' then -9223372036854775808 else 1 end);

-- expect: no rows
select id from customers where email >= 'zqh' and email < 'zqi' and 'a' like 'a' escape case when email like '%5zq' then 'xx' else 'x' end;

-- expect: no rows
select id from customers where email >= 'zqh' and email < 'zqi' and length(printf('%.*c', case when email like '%5zq' then 900000000 else 1 end, 'x'));

-- expect: no rows
select id from customers where id = 5 and abs(case when name like 'zq%' then -9223372036854775808 else 1 end)
