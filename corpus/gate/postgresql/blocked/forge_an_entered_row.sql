-- permit: none support
-- A row in the table of those who have entered.
-- expect: 42501
insert into sekisho.entered values (pg_backend_pid(), 9, null, 'x', now() + interval '1 hour', '', '', 0, current_user)

-- expect: 42501
update sekisho.entered set number = 8, until = 'infinity'
