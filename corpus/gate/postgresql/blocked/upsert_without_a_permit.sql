-- The same over people who stand, without a permit.
-- expect: 42501
insert into support.customers (id, name, email) values (6, 'x', 'y') on conflict (id)
  do update set name = excluded.name where cast(customers.email as integer) > 0
