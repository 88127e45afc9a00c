-- permit: support
-- trust: sqlite-existence
-- hole: side-channel
-- A number that is missing belongs to somebody who is gone, or who does not stand.
-- expect: says 20|19
select max(id), count(*) from customers
