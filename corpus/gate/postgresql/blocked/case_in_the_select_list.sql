-- permit: support
-- An error raised in the list of what is selected is about shown rows only.
-- expect: rows 19
select 1 / (case when id = 5 then 0 else 1 end) from support.customers
