-- permit: support
-- An error as an answer of one bit about a hidden row.
-- expect: no rows
select id from support.customers where id = 5 and 1 / (case when name like 'zq%' then 0 else 1 end) = 1
