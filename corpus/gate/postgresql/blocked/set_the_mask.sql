-- permit: support
-- The mask of a row is not in the view.
-- expect: 42703
update support.customers set sekisho_standing = -1 where id = 6

-- expect: 42501
update public.customers set sekisho_standing = -1 where id = 5
