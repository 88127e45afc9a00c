-- permit: none
-- trust: catalogue
-- hole: side-channel
-- The catalogue tells everybody which tables and columns there are, and how the views are written.
-- expect: says birth_date
select attname from pg_attribute where attrelid = 'public.customers'::regclass
