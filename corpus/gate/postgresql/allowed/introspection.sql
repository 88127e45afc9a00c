-- permit: support
-- What object mappers ask of the catalogue.
-- expect: rows 6
select column_name, data_type, is_updatable from information_schema.columns where table_schema = 'support' and table_name = 'customers' order by ordinal_position

-- expect: says id
select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a where a.attrelid = 'customers'::regclass and a.attnum > 0
