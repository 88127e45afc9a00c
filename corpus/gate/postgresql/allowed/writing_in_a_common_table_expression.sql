-- permit: support
-- An update that hands on what it wrote.
-- expect: says zqname2zq
begin; with u as (update customers set email = email where id = 2 returning id, name) select u.name from u join customers using (id); rollback
