-- permit: support
-- Settings of the connection.
-- expect: refused
pragma query_only = off;

-- expect: refused
pragma trusted_schema = on;

-- expect: refused
pragma case_sensitive_like = on;

-- expect: refused
pragma temp_store_directory = '/tmp';

-- expect: refused
pragma database_list;

-- expect: refused
pragma integrity_check;

-- expect: refused
pragma foreign_key_check;

-- expect: refused
pragma wal_checkpoint;

-- expect: refused
pragma journal_mode = memory;

-- expect: refused
pragma key = 'x';

-- expect: refused
pragma function_list;

-- expect: refused
select * from pragma_database_list
