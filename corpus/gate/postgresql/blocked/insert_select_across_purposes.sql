-- permit: support
-- Copying from one purpose's view into another's needs both permits at once, which nobody has.
-- expect: 42501
insert into support.customers (name) select address from shipping.customers

-- expect: says 0
insert into support.customers (name, email) select coalesce(address, ''), birth_date::text from support.customers where address is not null; select count(*) from support.customers where id > 20
