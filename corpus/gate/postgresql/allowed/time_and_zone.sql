-- permit: support
-- Session settings that applications make.
set time zone 'Asia/Tokyo'; set datestyle = 'ISO'; set application_name = 'shop'; set statement_timeout = 3000; set client_encoding = 'UTF8'

-- expect: rows 19
select date_trunc('day', created_at) from customers
