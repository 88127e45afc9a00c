-- permit: support
-- The planner guesses alike for a value that is there and one that is not.
-- expect: says t
do $$ declare there text; absent text; begin
  execute 'explain select 1 from support.customers where name = ''zq'' || ''hidden5zq''' into there;
  execute 'explain select 1 from support.customers where name = ''zq'' || ''nobody''' into absent;
  raise notice '%', there = absent;
end $$
