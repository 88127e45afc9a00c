-- permit: none support
-- Objects that plug code into comparisons and searches.
-- expect: 42501
create collation public.mine from "C"

-- expect: 42501
create text search dictionary public.mine (template = simple)

-- expect: 42501
create text search configuration public.mine (copy = simple)

-- expect: 42501
create operator class public.mine for type text using btree as operator 1 <

-- expect: 42501
create aggregate public.mine (text) (sfunc = textcat, stype = text)

-- expect: 42501
create language mine handler plpgsql_call_handler
