-- permit: none support
-- A row in the table of permits.
-- expect: 42501
insert into sekisho.permit (digest, login, number, actor, reason, subject, scope, single, pid, not_before, redeem, until, epoch)
values (sha256('x'), current_user, 9, '', '', '', 'session', false, 0, now(), now(), now() + interval '1 hour', 1)
