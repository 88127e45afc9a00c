-- permit: none support
-- Settings that would switch the guards off or make the log talk.
-- expect: 42501
set session_replication_role = replica

-- expect: 42501
set lo_compat_privileges = on

-- expect: 42501
set log_statement = 'all'

-- expect: 42501
set log_min_error_statement = 'debug5'

-- expect: 42501
set session_preload_libraries = 'auto_explain'

-- expect: 42501
set allow_system_table_mods = on

-- expect: 42501
set zero_damaged_pages = on
