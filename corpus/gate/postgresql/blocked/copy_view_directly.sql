-- permit: support
-- A view is not copied as a table.
-- expect: 42809
copy support.customers to stdout
