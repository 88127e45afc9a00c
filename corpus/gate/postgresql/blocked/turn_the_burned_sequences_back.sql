-- permit: none support
-- The sequences that remember which permits are spent.
-- expect: 42501
select setval('sekisho.burn_1', 0)

-- expect: 42501
select last_value from sekisho.burn_1

-- expect: 42501
select nextval('sekisho.burn_1')
