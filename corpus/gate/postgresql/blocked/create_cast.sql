-- permit: none support
-- A cast of one's own between types of others.
-- expect: 42501
create cast (text as integer) with inout as implicit
