-- permit: none support
-- The inner functions of entering.
-- expect: 42501
select sekisho.burn(1, now())

-- expect: 42501
select sekisho.bytes_of('e30')
