-- permit: support
-- Pages by key and by number.
-- expect: rows 5
select id, name from customers where id > 3 order by id limit 5;

-- expect: rows 4
select id from customers where (name, id) > ('zqname2zq', 2) order by name, id limit 5 offset 2
