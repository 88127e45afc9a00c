-- permit: support
-- A copy of what the permit shows.
-- expect: says zqemail2zq
copy (select id, name, email from support.customers order by id) to stdout with (format csv, header)
