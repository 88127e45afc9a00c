-- permit: support
-- A person who does not stand, by every road.
-- expect: no rows
select * from customers where id = 5;

-- expect: no rows
select * from customers where email = 'zqhidden' || '5zq';

-- expect: says 0
select count(*) from customers where name like 'zqhid%';

-- expect: rows 1
select max(name), min(email) from customers where id between 4 and 6 and name not like 'zqname%';

-- expect: no rows
select c.* from (select 5 as n) x join customers c on c.id = x.n;

-- expect: no rows
select id from customers intersect select 5
