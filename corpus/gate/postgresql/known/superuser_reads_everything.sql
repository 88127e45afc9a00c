-- login: postgres
-- permit: none
-- trust: superuser
-- hole: superuser
-- A superuser meets no gate.
-- expect: says zqhidden5zq
select name, address, birth_date from public.customers where id = 5
