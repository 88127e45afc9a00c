-- permit: none support
-- The server's files.
-- expect: 42501
select pg_read_file('postgresql.conf')

-- expect: 42501
select pg_read_binary_file('base/1/1259')

-- expect: 42501
select pg_ls_dir('.')

-- expect: 42501
select * from pg_ls_waldir()

-- expect: 42501
select pg_stat_file('PG_VERSION')

-- expect: 42501
select lo_import('/etc/passwd')
