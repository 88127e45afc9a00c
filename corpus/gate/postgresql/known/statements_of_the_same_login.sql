-- permit: none
-- trust: statement-texts
-- hole: same-login
-- Sessions of one login see each other's statements, with the values that stand in their text.
-- on: second
-- enter: support
-- expect: rows 1
select id from support.customers where email = 'zq' || 'email7zq@example.jp'

-- expect: says email7zq
select query from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()
