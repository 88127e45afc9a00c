-- permit: support
-- Many rows as values, as frameworks send them.
-- expect: rows 2
begin; insert into customers (name, email) values ('a', 'a@x'), ('b', 'b@x') returning id, name; rollback
