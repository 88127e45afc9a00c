-- permit: support
-- The people's standing.
-- expect: refused
select * from main.sekisho_standing_of
