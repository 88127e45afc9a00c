-- permit: support
-- One row of each kind.
-- expect: rows 2
select distinct on (id % 2) id % 2, name from customers order by id % 2, id desc
