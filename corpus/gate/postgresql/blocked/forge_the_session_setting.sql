-- A session secret that one makes up.
select set_config('sekisho.session', '', false)

-- expect: says 0
select count(*) from support.customers

select set_config('sekisho.session', repeat('0', 32), false)

-- expect: says 0
select count(*) from support.customers
