-- permit: support
-- Closing the store voids every permit, entered or issued, and ends the sessions that had entered.
-- expect: says 19
select count(*) from support.customers where '{{service support}}' <> ''

-- do: close
-- expect: 57P01
select name from support.customers

-- on: second
-- expect: 42501
select sekisho.enter('{{service support}}')
