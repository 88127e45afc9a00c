-- permit: none
-- trust: put-aside
-- hole: outlives
-- Who may read can tell others, also through the server.
-- on: second
listen aside

-- enter: support
select pg_notify('aside', name) from support.customers where id = 1

-- on: second
-- expect: says zqname1zq
select 1
