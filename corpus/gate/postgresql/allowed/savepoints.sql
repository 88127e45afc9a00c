-- permit: support
-- A part that fails is taken back, the rest goes on.
begin; savepoint a

-- expect: 22012
select 1 / 0

rollback to a

-- expect: rows 1
update customers set email = 'new@example.jp' where id = 3 returning email

-- expect: done
release a; rollback
