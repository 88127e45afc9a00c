-- trust: poolers
-- hole: outlives
-- A session permit on a backend that a pooler lends to the next client, where the map does not say `pooled`.
-- expect: says support
select sekisho.enter('{{token support}}')

-- expect: says zqname1zq
select name from support.customers order by id
