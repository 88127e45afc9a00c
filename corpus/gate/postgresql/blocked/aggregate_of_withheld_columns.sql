-- permit: support
-- Aggregates over withheld columns.
-- expect: rows 1
select min(address), max(birth_date)::text, string_agg(address, ','), count(birth_date) from support.customers
