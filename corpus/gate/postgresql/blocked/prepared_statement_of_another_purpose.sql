-- permit: support
-- A statement prepared under one purpose, run under a permit for another.
prepare held as select name, email from support.customers

select sekisho.enter('{{token news}}')

-- expect: no rows
execute held
