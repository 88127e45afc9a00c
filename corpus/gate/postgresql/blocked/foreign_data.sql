-- permit: none support
-- Foreign servers.
-- expect: 42501
create foreign data wrapper mine

-- expect: 42704
create server mine foreign data wrapper postgres_fdw
