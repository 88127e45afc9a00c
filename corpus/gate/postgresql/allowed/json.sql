-- permit: support
-- Documents built and taken apart.
-- expect: says "zqname1zq"
select jsonb_agg(jsonb_build_object('id', id, 'name', name) order by id) from customers

-- expect: rows 19
select j->>'name' from (select to_jsonb(c) as j from customers c) d where j @> '{"birth_date": null}'
