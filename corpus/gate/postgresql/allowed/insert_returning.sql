-- permit: support
-- A new person, whose number the server gives.
-- expect: says New|new@example.jp
begin; insert into customers (name, email) values ('New', 'new@example.jp') returning name, email, id > 20; rollback
