-- permit: none
-- trust: own-role
-- hole: side-channel
-- A login may change its own password and its own settings for all its sessions to come.
-- expect: done
alter role current_user password 'changed'; alter role current_user password null

-- expect: done
alter role current_user set statement_timeout = 1

-- expect: done
alter role current_user reset statement_timeout
