-- permit: support
-- Writing a withheld value into a shown column.
-- expect: done
begin; update support.customers c set email = w.birth_date::text || w.address from support.customers w where w.id = c.id

-- expect: says 0
select count(email) from support.customers; rollback
