-- permit: none support
-- The temporary schema is found first; nothing can be put into it.
-- expect: 42501
create temporary view customers as select 1

-- expect: 42501
create function pg_temp.leak(text) returns boolean language plpgsql as $$ begin raise notice '%', $1; return true; end $$

-- expect: 42501
create temporary sequence counted
