-- permit: none
-- trust: explain-counts
-- hole: side-channel
-- The planner's guesses follow the values of all rows, also those that are hidden, and are told without a permit.
-- expect: says the guesses differ
do $$ declare few text; many text; begin
  execute 'explain select 1 from support.customers where name < ''zqi''' into few;
  execute 'explain select 1 from support.customers where name < ''zqz''' into many;
  if substring(few from 'rows=\d+') <> substring(many from 'rows=\d+') then raise notice 'the guesses differ'; end if;
end $$
