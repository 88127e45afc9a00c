-- permit: none
-- trust: same-login
-- hole: same-login
-- Sessions of one login can end each other.
-- on: second
-- enter: support
select 1

-- expect: says t
select pg_terminate_backend(pid, 1000) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid() and datname = current_database()

-- on: second
-- expect: 57P01
select name from support.customers
