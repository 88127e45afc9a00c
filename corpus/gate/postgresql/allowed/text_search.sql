-- permit: support
-- Searching in what is shown.
-- expect: rows 1
select id from customers where to_tsvector('simple', name || ' ' || coalesce(email, '')) @@ to_tsquery('simple', 'zqname7zq')

-- expect: rows 10
select id from customers where name ilike 'zqname1%' and name ~ '^zq' and id > 9
