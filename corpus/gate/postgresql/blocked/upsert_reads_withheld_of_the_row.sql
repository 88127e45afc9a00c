-- permit: support
-- An upsert's condition sees the view's columns, so a withheld one is NULL.
-- expect: no rows
insert into support.customers (id, name) values (6, 'x') on conflict (id)
  do update set name = 'x' where customers.address is not null or customers.birth_date is not null returning *
