-- permit: support
-- Sorting by a withheld column sorts by nothing: the ids come in one order whatever the addresses are.
-- expect: says t
select array_agg(id order by address, id) = array_agg(id order by id) from support.customers
