-- permit: none support
-- Only the service changes standing.
-- expect: 42501
select sekisho.project(array['customer'], array['5'], array[4611686018427387903], 0, 999)
