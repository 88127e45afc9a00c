-- permit: support
-- A withheld column is NULL in a condition too.
-- expect: no rows
select id from support.customers where birth_date < date '1900-01-01' or address like 'zq%'
