-- permit: support
-- Rows of people who do not stand are not written.
-- expect: no rows
update support.customers set name = 'gone' where id = 5 returning *

-- expect: no rows
update support.customers set name = 'gone' where name like 'zqhid%' returning *
