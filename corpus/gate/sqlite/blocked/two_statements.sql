-- permit: support
-- One statement at a time.
-- expect: failed
select 1; select address from main.customers;

-- expect: failed
select 1;; select 2
