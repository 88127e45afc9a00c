-- permit: support
-- And with leaving; the secret brings nothing back.
-- expect: rows 1
select sekisho.leave()

-- expect: says 0
select count(*) from support.customers
