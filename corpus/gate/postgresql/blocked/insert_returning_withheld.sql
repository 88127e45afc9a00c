-- permit: support
-- What an insert gives back is what the view shows.
-- expect: says zqname900zq||
begin; insert into support.customers (id, name, email) values (900, 'zqname900zq', 'zqemail900zq') returning name, address, birth_date; rollback
