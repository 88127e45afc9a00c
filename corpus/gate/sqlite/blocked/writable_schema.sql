-- permit: support
-- The schema as a table to write.
-- expect: refused
pragma writable_schema = on;

-- expect: failed
update sqlite_schema set sql = sql
