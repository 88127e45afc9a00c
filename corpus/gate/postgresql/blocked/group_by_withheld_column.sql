-- permit: support
-- Groups of a withheld column are one group.
-- expect: rows 1
select birth_date, count(*) from support.customers group by birth_date
