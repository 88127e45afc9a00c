-- permit: support
-- Tables that hold nothing personal are open.
-- expect: rows 2
select p.title, c.name from products p left join customers c on c.id = p.id
