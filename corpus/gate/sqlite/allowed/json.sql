-- permit: support
-- Documents built and taken apart.
-- expect: rows 19
select json_object('id', id, 'name', name), json_extract('{"a": 1}', '$.a') from customers
