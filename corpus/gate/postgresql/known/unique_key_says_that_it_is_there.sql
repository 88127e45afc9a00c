-- permit: support
-- trust: unique-keys
-- hole: side-channel
-- A guessed address that a hidden person has: the unique key refuses it, and says no more than that.
-- expect: 23505
insert into support.customers (name, email) values ('x', 'zqhidden' || '5zq@example.jp')
