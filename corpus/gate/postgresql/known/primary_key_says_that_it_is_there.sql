-- permit: support
-- trust: unique-keys
-- hole: side-channel
-- A number of somebody who does not stand is refused; a free one makes a row.
-- expect: 42501
insert into support.customers (id, name) values (5, 'x') on conflict do nothing

-- expect: done
begin; insert into support.customers (id, name) values (505, 'x') on conflict do nothing; rollback
