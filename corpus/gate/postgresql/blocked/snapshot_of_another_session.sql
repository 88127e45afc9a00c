-- A snapshot lent by another session shows what a permit shows, and there is none.
-- on: second
begin isolation level repeatable read; select pg_export_snapshot()

-- expect: says 0
begin isolation level repeatable read; select count(*) from support.customers; commit
