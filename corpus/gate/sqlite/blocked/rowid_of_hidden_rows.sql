-- permit: support
-- Numbers of rows.
-- expect: refused
select rowid, _rowid_, oid from main.customers
