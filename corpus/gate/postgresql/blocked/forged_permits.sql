-- Permits that nobody signed or witnessed.
-- expect: 42501
select sekisho.enter('sk1.e30.e30')

-- expect: 42501
select sekisho.enter('')

-- expect: 42501
select sekisho.enter(null)

-- expect: 42501
select sekisho.enter(repeat('x', 1000000))

-- expect: says 0
select count(*) from support.customers
