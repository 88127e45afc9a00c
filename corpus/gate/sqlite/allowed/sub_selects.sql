-- permit: support
-- Sub-selects.
-- expect: rows 3
select id from customers c where exists (select 1 from products p where p.id = c.id) or id in (select max(id) from customers)
