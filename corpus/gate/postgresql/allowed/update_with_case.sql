-- permit: support
-- A bulk update as frameworks write it.
-- expect: done
begin; update customers set name = case when id = 1 then 'a' when id = 2 then 'b' end where id in (1, 2); rollback
