-- permit: support
-- Tables that are functions.
-- expect: failed
select * from sqlite_dbpage;

-- expect: failed
select * from sqlite_stmt;

-- expect: failed
select * from json_tree('{}');

-- expect: failed
select * from generate_series(1, 3);

-- expect: refused
select * from pragma_function_list;

-- expect: failed
select * from fsdir('.');

-- expect: failed
select * from sqlite_dbdata
