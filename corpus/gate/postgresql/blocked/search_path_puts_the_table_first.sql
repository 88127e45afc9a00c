-- permit: none support
-- A search_path that finds the table before the view.
set search_path = public, support

-- expect: 42501
select name, address from customers
