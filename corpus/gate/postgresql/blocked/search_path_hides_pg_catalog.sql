-- permit: none support
-- A search_path that puts other schemas before pg_catalog leads no view astray: its names are bound.
set search_path = support, public, pg_catalog

-- expect none: says 0
-- expect support: says 19
select count(*) from customers
