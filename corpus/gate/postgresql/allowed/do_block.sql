-- permit: support
-- A block of code over what is shown.
-- expect: says 19 people
do $$ begin raise notice '% people', (select count(*) from customers); end $$
