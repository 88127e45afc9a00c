-- permit: support
-- A column left to its default.
-- expect: says t
begin; insert into customers (name, email, created_at) values ('New', null, default) returning created_at <= now(); rollback
