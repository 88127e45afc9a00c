-- permit: support
-- Functions that are not on the list.
-- expect: refused
select sqlite_compileoption_get(1);

-- expect: refused
select randomblob(1000000000);

-- expect: refused
select zeroblob(1000000000);

-- expect: refused
select fts3_tokenizer('simple');

-- expect: failed
select writefile('/tmp/sekisho-aside', name) from customers;

-- expect: failed
select edit(name) from customers;

-- expect: failed
select sqlite_offset(name) from customers;

-- expect: refused
select last_insert_rowid()
