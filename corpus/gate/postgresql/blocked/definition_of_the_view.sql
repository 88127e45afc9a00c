-- permit: none support
-- The view's text is no secret and holds nothing of anybody.
-- expect: says FROM public.customers
select pg_get_viewdef('support.customers'::regclass)

-- expect: rows 1
select count(prosrc) from pg_proc where prosrc like '%sekisho%'
