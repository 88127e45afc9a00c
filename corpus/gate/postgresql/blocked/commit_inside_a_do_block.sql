-- So is the one after a commit in a block of code.
-- expect: says found 0
do $$ declare n integer; begin
  perform sekisho.enter('{{service support}}');
  commit;
  select count(*) into n from support.customers;
  raise notice 'found %', n;
end $$
