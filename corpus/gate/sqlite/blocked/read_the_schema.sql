-- permit: support
-- The schema, where the hidden name stands.
-- expect: refused
select sql from sqlite_schema;

-- expect: refused
select sql from sqlite_temp_schema;

-- expect: refused
select name from sqlite_temp_master
