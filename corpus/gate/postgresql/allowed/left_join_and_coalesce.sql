-- permit: support
-- An outer join.
-- expect: rows 20
select n, coalesce(c.name, '-') from generate_series(1, 20) n left join customers c on c.id = n
