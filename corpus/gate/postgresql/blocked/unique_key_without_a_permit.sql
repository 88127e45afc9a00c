-- permit: none
-- Without a permit a value that is taken and one that is free are refused alike.
-- expect: says row-level security
insert into support.customers (name, email) values ('x', 'zqemail' || '6zq@example.jp')

-- expect: says row-level security
insert into support.customers (name, email) values ('x', 'zqfree@example.jp')

-- expect: says row-level security
insert into support.customers (id, name) values (6, 'x') on conflict do nothing

-- expect: says row-level security
insert into support.customers (id, name) values (606, 'x') on conflict do nothing
