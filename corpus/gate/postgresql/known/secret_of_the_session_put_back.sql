-- permit: support
-- trust: session-secret
-- hole: outlives
-- DISCARD ALL forgets the session's secret; whoever has read it can put it back on the same backend.
do $$ begin perform pg_notify('aside', current_setting('sekisho.session')); end $$

select set_config('mine.kept', current_setting('sekisho.session'), false)

begin; select set_config('sekisho.session', '', false)

-- expect: says 0
select count(*) from support.customers

select set_config('sekisho.session', current_setting('mine.kept'), false)

-- expect: says 19
select count(*) from support.customers

commit
