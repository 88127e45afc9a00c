-- permit: support
-- The file by a function of the shell.
-- expect: failed
select readfile('shop.db')
