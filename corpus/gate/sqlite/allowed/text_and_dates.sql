-- permit: support
-- Functions that are on the list.
-- expect: rows 19
select upper(substr(name, 1, 3)) || trim(' x '), date('now'), strftime('%Y', created_at), coalesce(email, '-'), round(1.5), printf('%05d', id) from customers where name like 'zq%' and name glob 'zq*'
