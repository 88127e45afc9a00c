-- Channels are silent: the gate tells nobody anything.
listen sekisho; listen permit; listen "sekisho.permit"

-- on: second
-- enter: support
-- expect: rows 19
select name from support.customers

-- expect: says 1
select 1
