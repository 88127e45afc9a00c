-- permit: support
-- trust: put-aside
-- hole: outlives
-- A setting of the session's own keeps what the permit showed.
select set_config('mine.aside', string_agg(name, ','), false) from support.customers

-- expect: rows 1
select sekisho.leave()

-- expect: says zqname1zq
select current_setting('mine.aside')
