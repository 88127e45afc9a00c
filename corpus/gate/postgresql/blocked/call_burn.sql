-- permit: none support
-- The inner functions of entering.
-- expect: 42501
select sekisho.burn(null)

-- expect: 42501
select sekisho.bytes_of('e30')
