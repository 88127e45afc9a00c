-- permit: support
-- The next page after a key.
-- expect: rows 5
select id, name from customers where (name, id) > ('zqname2zq', 2) order by name, id limit 5
