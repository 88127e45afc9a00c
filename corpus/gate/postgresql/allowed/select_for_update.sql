-- permit: support
-- Locking a row before it is written.
begin

-- expect: rows 1
select id, name from customers where id = 2 for update

-- expect: rows 1
select id from customers where id = 3 for no key update skip locked

-- expect: done
update customers set email = 'x@example.jp' where id = 2; rollback
