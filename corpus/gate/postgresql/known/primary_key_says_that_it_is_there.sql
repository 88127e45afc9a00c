-- permit: none support
-- trust: unique-keys
-- hole: side-channel
-- A number that is taken makes no new row and no error; a free one would.
-- expect: done
insert into support.customers (id, name) values (5, 'x') on conflict do nothing

-- expect none: 44000
-- expect support: done
begin; insert into support.customers (id, name) values (505, 'x') on conflict do nothing; rollback

rollback
