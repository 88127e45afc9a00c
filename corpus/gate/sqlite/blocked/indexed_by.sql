-- permit: support
-- An index by its name.
-- expect: failed
select email from customers indexed by sqlite_autoindex_customers_1;

-- expect: refused
select email from customers not indexed where address > ''
