-- permit: support
-- Whose a row is cannot be changed.
-- expect: 42501
update support.customers set id = 5000 where id = 6
