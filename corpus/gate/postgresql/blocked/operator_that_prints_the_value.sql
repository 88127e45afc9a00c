-- permit: support
-- Operators and functions that fail and say of what: a regular expression, a date, a time zone, a path.
-- expect: no rows
select id from support.customers where id = 5 and 'x' ~ ('(' || name)

-- expect: no rows
select id from support.customers where id = 5 and name::date > now()

-- expect: no rows
select id from support.customers where id = 5 and now() at time zone name > now()

-- expect: no rows
select id from support.customers where id = 5 and (name::jsonb) is not null
