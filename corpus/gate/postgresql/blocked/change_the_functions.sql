-- permit: none support
-- The gate's functions.
-- expect: 42501
create or replace function sekisho.enter(token text) returns text language sql as $$ select 'in' $$

-- expect: 42501
alter function sekisho.enter(text) set search_path = public

-- expect: 42501
alter function sekisho.enter(text) security invoker

-- expect: 42501
alter function pg_catalog.texteq(text, text) leakproof
