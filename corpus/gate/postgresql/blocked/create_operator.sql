-- permit: none support
-- An operator of one's own.
-- expect: 42501
create operator public.<<< (function = pg_catalog.texteq, leftarg = text, rightarg = text)
