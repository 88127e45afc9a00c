-- permit: support
-- A withheld column, quoted in every way; what SQLite then takes for a text is a text.
-- expect: refused
select customers.address from customers;

-- expect: refused
select [address] from customers;

-- expect: refused
select `birth_date` from customers;

-- expect: refused
select c."address" from customers c;

-- expect: rows 19
select * from customers natural join (select 1 as address);

-- expect: rows 19
select rowid, _rowid_, oid from customers
