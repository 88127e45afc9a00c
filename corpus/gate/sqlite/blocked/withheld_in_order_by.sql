-- permit: support
-- Sorting by what is withheld.
-- expect: refused
select id from customers order by address
