-- Nothing is written without a permit, and the error shows only what was sent.
-- expect: 42501
insert into support.customers (id, name) values (901, 'x')
