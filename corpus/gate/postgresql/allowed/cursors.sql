-- permit: support
-- Page by page on the server.
begin; declare c scroll cursor for select id, name from customers order by id

-- expect: rows 5
fetch 5 from c

-- expect: says zqname1zq
fetch first from c

-- expect: done
close c; commit
