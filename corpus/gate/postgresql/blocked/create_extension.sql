-- permit: none support
-- Extensions that reach other sessions or databases.
-- expect: 42501
create extension dblink

-- expect: 42501
create extension postgres_fdw

-- expect: 42501
create extension hstore
