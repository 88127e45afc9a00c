-- permit: none support
-- Trees of a query, printed for debugging.
set client_min_messages = log; set debug_print_parse = on; set debug_print_rewritten = on; set debug_print_plan = on

-- expect: done
select count(*) from support.customers where birth_date is not null
