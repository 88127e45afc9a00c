-- permit: none
-- trust: unique-keys
-- hole: side-channel
-- The same without a permit: the key is looked at before the view's condition.
-- expect: says duplicate key
insert into support.customers (name, email) values ('x', 'zqemail' || '6zq@example.jp')
