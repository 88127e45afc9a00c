-- permit: support
-- trust: held-cursors
-- hole: outlives
-- A cursor opened before the permit was over runs on in its transaction until the watcher ends the backend.
begin; declare c cursor for select name from support.customers order by id; fetch 1 from c

-- do: expire
-- expect: says zqname2zq
fetch all from c

commit
