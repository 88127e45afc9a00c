-- permit: none support
-- Only the gate witnesses permits.
-- expect: 42501
select sekisho.witness_permit('sk1.e30.e30', 'x')
