-- permit: support
-- Insert, or leave what is there.
-- expect: no rows
insert into customers (name, email) values ('x', 'zq' || 'email2zq@example.jp') on conflict (email) do nothing returning id
