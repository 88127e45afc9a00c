-- permit: none support
-- Types of one's own.
-- expect: 42501
create domain public.loud as text check (value is null)

-- expect: 42501
create type support.pair as (a text, b text)
