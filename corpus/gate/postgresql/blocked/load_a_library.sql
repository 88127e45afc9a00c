-- permit: none support
-- A library of one's own.
-- expect: 42501
load '/tmp/evil.so'

-- expect: 42501
load 'auto_explain'
