-- permit: support
-- A person beside another, by what is shown.
-- expect: rows 17
select a.id, a.name, b.email from customers a join customers b on b.id = a.id + 1 where a.id not in (4, 5)
