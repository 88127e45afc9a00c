-- Nothing is changed without a permit.
-- expect: no rows
update support.customers set name = 'x' returning name
