-- permit: support
-- A table that holds nothing personal.
-- expect: rows 2
select title from products;

-- expect: says 2
select count(*) from products
