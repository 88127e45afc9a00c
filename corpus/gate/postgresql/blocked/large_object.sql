-- permit: none support
-- Large objects would keep what a permit showed, after the permit and after an erasure.
-- expect: 42501
select lo_from_bytea(424242, convert_to(name, 'UTF8')) from support.customers where id = 1

-- expect: 42501
select lo_create(424242)

-- expect: 42501
select lo_creat(-1)

-- expect: 42501
select lo_export(424242, '/tmp/sekisho-aside')
