-- permit: support
-- The passage's own transactions are its own.
-- expect: refused
begin;

-- expect: refused
begin immediate;

-- expect: refused
savepoint a;

-- expect: refused
commit;

-- expect: refused
rollback
