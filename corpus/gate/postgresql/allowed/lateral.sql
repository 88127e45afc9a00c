-- permit: support
-- A sub-select that looks sideways.
-- expect: rows 19
select c.id, n.next from customers c, lateral (select min(d.id) as next from customers d where d.id > c.id) n
