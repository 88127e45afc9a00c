-- permit: support
-- A condition on what is withheld.
-- expect: refused
select id from customers where birth_date > 0
