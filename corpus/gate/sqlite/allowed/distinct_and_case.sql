-- permit: support
-- Cases and kinds.
-- expect: rows 2
select distinct case when id % 2 = 0 then 'even' else 'odd' end from customers
