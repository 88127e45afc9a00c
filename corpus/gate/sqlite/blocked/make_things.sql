-- permit: support
-- Nothing is made.
-- expect: refused
create table aside as select * from customers;

-- expect: refused
create temp table aside as select * from customers;

-- expect: failed
create index aside on customers (birth_date);

-- expect: refused
create virtual table aside using fts5(x);

-- expect: refused
drop table main.customers;

-- expect: refused
alter table main.customers rename to x;

-- expect: refused
reindex;

-- expect: refused
analyze
