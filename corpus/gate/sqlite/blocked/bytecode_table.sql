-- permit: support
-- The code of a statement names tables.
-- expect: failed
select * from bytecode('select * from customers')
