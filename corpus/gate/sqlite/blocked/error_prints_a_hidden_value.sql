-- permit: support
-- A condition that fails says of what; an index lets it run before the row's standing is looked at.
-- expect: no rows
select id from customers where email >= 'zqh' and email < 'zqi' and json_extract('{}', email);

-- expect: no rows
select id from customers where email >= 'zqh' and email < 'zqi' and json_extract(email, '$');

-- expect: no rows
select email from customers where email > 'zqh' and email < 'zqi' and json_extract('{}', email || '') order by email
