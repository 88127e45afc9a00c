-- permit: support
-- Pages of the file.
-- expect: failed
select * from dbstat
