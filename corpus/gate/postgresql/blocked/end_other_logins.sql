-- permit: none support
-- Ending or cancelling the sessions of others.
-- on: second as shop_ship
select 1

-- on: first
-- expect: 42501
select pg_terminate_backend(pid) from pg_stat_activity where usename = 'shop_ship' and datname = current_database()

-- on: first
-- expect: 42501
select pg_cancel_backend(pid) from pg_stat_activity where usename = 'shop_ship' and datname = current_database()
