-- permit: support
-- Many rows in one statement.
-- expect: rows 3
begin; insert into customers (name, email) select * from unnest(array['a', 'b', 'c'], array['a@x', 'b@x', 'c@x']) returning id; rollback
