-- permit: none support
-- The server and the database.
-- expect: 42501
alter system set log_statement = 'all'

-- expect: 42501
alter database template1 set search_path = mine

-- expect: 42501
create database mine

-- expect: 42501
select pg_reload_conf()

-- expect: 42501
checkpoint
