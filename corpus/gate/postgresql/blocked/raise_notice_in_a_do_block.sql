-- permit: none support
-- A block of code that says what it reads says what its login may read.
-- expect: done
do $$ declare r record; begin
  for r in select * from support.customers where address is not null or birth_date is not null or id = 5 loop
    raise notice '%', r;
  end loop;
end $$

-- expect: 42501
do $$ declare r record; begin
  for r in select * from public.customers loop raise notice '%', r; end loop;
end $$
