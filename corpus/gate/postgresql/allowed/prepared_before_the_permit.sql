-- A pooled connection prepares first and is entered later.
prepare one as select name from support.customers order by id

-- expect: no rows
execute one

-- expect: says support
select sekisho.enter('{{token support}}')

-- expect: rows 19
execute one
