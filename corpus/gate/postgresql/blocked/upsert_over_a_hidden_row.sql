-- permit: none support
-- An upsert that meets a row which is not shown runs its condition on it, on servers that are out of date.
-- expect: 55000
insert into support.customers (id, name, email) values (5, 'x', 'y') on conflict (id)
  do update set name = excluded.name where cast(customers.name as integer) > 0

-- expect: 55000
insert into support.customers (id, name, email) values (5, 'x', 'y') on conflict (id)
  do update set name = cast(customers.email as integer)::text
