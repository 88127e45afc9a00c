-- permit: none support
-- The whole database as one document holds what the login may read.
-- expect: done
select database_to_xml(true, true, '')

-- expect: done
select schema_to_xml('public', true, true, '')
