-- permit: support
-- Sub-selects in conditions.
-- expect: rows 3
select id from customers c where exists (select 1 from products p where p.id = c.id) or id = any (array[5, 6])
