-- permit: support
-- A view of one's own.
-- expect: refused
create temp view peek as select * from main.customers;

-- expect: failed
select * from peek
