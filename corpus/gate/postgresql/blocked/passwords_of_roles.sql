-- permit: none support
-- Where passwords are kept.
-- expect: 42501
select * from pg_authid

-- expect: 42501
select * from pg_shadow

-- expect: 42501
select * from pg_hba_file_rules
