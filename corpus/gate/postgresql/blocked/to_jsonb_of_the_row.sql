-- permit: support
-- The row as a document.
-- expect: rows 19
select to_jsonb(c) || jsonb_build_object('text', row_to_json(c)::text) from support.customers c
