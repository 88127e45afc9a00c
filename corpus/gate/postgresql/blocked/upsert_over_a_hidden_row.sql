-- permit: none support
-- An upsert that meets a row which is not shown must not run its condition on it.
-- expect: 42501
insert into support.customers (id, name, email) values (5, 'x', 'y') on conflict (id)
  do update set name = excluded.name where cast(customers.name as integer) > 0

-- expect: 42501
insert into support.customers (id, name, email) values (5, 'x', 'y') on conflict (id)
  do update set name = cast(customers.email as integer)::text
