-- permit: none
-- trust: sizes
-- hole: side-channel
-- How large a table is, and how many rows were written: the server tells everybody.
-- expect: says t
select pg_relation_size('public.customers') > 0 and (select n_tup_ins >= 0 from pg_stat_user_tables where relname = 'customers')
