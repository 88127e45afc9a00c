-- permit: none support
-- Streams of every change.
-- expect: 42501
select pg_create_logical_replication_slot('mine', 'test_decoding')

-- expect: 42501
select pg_create_physical_replication_slot('mine')

-- expect: 42501
select * from pg_logical_slot_get_changes('mine', null, null)

-- expect: 42501
create publication mine for all tables

-- expect: 42501
create subscription mine connection 'dbname=postgres' publication mine
