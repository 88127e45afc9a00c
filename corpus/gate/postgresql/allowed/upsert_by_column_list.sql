-- permit: support
-- Insert, or update what is there.
-- expect: says again
begin; insert into customers (id, name, email) values (2, 'again', 'again@example.jp') on conflict (id)
  do update set name = excluded.name, email = excluded.email returning name; rollback
