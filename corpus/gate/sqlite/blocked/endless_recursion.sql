-- permit: support
-- A statement without an end.
-- expect: refused
with recursive r(n) as (select 1 union all select n + 1 from r) select max(n) from r where n < 0
