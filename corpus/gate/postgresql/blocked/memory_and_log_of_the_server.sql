-- permit: none support
-- What the server's process remembers.
-- expect: 42501
select * from pg_backend_memory_contexts

-- expect: 42501
select * from pg_shmem_allocations

-- expect: 42501
select pg_log_backend_memory_contexts(pg_backend_pid())

-- expect: 42501
select pg_current_logfile()
