-- permit: support
-- A withheld column is not written either.
-- expect: 0A000
insert into support.customers (name, birth_date) values ('x', '1990-01-01')

-- expect: 23502
insert into support.customers default values

-- expect: 0A000
insert into support.customers select * from support.customers
