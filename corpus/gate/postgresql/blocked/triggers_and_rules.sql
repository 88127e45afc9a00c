-- permit: none support
-- Code that runs when others write.
-- expect: 42501
create trigger mine before update on public.customers for each row execute function suppress_redundant_updates_trigger()

-- expect: 42501
create trigger mine instead of insert on support.customers for each row execute function suppress_redundant_updates_trigger()

-- expect: 42501
create rule mine as on insert to support.customers do also notify mine

-- expect: 42501
alter table public.customers disable trigger all

-- expect: 42501
create event trigger mine on ddl_command_end execute function suppress_redundant_updates_trigger()
