-- permit: support
-- A withheld column is not written.
-- expect: 0A000
update support.customers set birth_date = now()

-- expect: 0A000
update support.customers set (name, address) = ('x', 'y')
