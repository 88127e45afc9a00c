-- permit: support
-- What was applied.
-- expect: refused
select * from main.sekisho_applied
