-- permit: none support
-- A block that tries every door and catches the refusal.
-- expect: says 6 doors are closed
do $$ declare door text; closed integer := 0; begin
  foreach door in array array['select * from public.customers', 'select * from sekisho.entered', 'set role postgres',
      'create table public.aside as select 1', 'select pg_read_file(''PG_VERSION'')', 'copy (select 1) to program ''true'''] loop
    begin execute door; exception when insufficient_privilege or undefined_object then closed := closed + 1; end;
  end loop;
  raise notice '% doors are closed', closed;
end $$
