-- permit: none support
-- Files and programs of the server.
-- expect: 42501
copy (select 1) to '/tmp/sekisho-aside'

-- expect: 42501
copy (select 1) to program 'cat'

-- expect: 42501
copy public.products from '/etc/passwd'
