-- permit: none support
-- The gate's own books: keys, permits, who has entered, whose standing is not the default.
-- expect: 42501
select * from sekisho.key

-- expect: 42501
select * from sekisho.permit

-- expect: 42501
select * from sekisho.entered

-- expect: 42501
select * from sekisho.standing

-- expect: 42501
select * from sekisho.outbox

-- expect: 42501
select * from sekisho.lease
