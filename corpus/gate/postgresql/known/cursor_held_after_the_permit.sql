-- permit: support
-- trust: held-cursors
-- hole: outlives
-- A cursor WITH HOLD keeps the rows that it was opened for when the permit ends.
declare held cursor with hold for select name from support.customers order by id

-- expect: rows 1
select sekisho.leave()

-- expect: says zqname1zq
fetch all from held

close held
