-- permit: support
-- trust: old-snapshot
-- hole: snapshot
-- Work that began before a withdrawal, and is never idle, goes on with who stood when it began.
-- meanwhile: withdraw 6
-- expect: says zqname6zq
begin isolation level repeatable read; do $$ declare who text; begin
  perform count(*) from support.customers;
  perform pg_sleep(1);
  select name into who from support.customers where id = 6;
  raise notice '%', who;
end $$
