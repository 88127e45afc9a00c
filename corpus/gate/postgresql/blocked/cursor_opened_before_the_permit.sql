-- A cursor opened before the permit finds nothing after it.
begin; declare c cursor for select * from support.customers

-- expect: says support
select sekisho.enter('{{token support}}')

-- expect: done
fetch all from c; commit
