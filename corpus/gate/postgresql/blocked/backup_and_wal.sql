-- permit: none support
-- Backups and the write-ahead log.
-- expect: 42501
select pg_create_restore_point('mine')

-- expect: 42501
select pg_switch_wal()

-- expect: 42501
select pg_backup_start('mine')

-- expect: 42501
select pg_promote()
