-- permit: support
-- The gate's own tables.
-- expect: refused
select * from sekisho_gate;

-- expect: refused
select * from main.sekisho_gate;

-- expect: refused
select * from sekisho_standing_of;

-- expect: failed
select sekisho_standing from customers;

-- expect: failed
select * from sqlite_sequence;

-- expect: failed
select * from sqlite_stat1
