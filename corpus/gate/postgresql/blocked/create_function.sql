-- permit: none support
-- A function of one's own, in every schema there is.
-- expect: 42501
create function public.leak(text) returns boolean language plpgsql cost 0.0001 as $$ begin raise notice '%', $1; return true; end $$

-- expect: 42501
create function support.leak(text) returns boolean language plpgsql cost 0.0001 as $$ begin raise notice '%', $1; return true; end $$

-- expect: 42501
create function sekisho.leak(text) returns boolean language plpgsql cost 0.0001 as $$ begin raise notice '%', $1; return true; end $$
