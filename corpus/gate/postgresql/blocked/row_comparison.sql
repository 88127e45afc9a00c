-- permit: support
-- A comparison of rows reads every column of them.
-- expect: no rows
select a.id, b.id from support.customers a, support.customers b where a.id < b.id and (a.address, a.birth_date) < (b.address, b.birth_date)
