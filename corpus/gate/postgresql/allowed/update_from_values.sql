-- permit: support
-- Many rows changed in one statement.
-- expect: rows 2
begin; update customers c set email = v.email from (values (1, 'a@x'), (2, 'b@x'), (5, 'c@x')) v(id, email) where c.id = v.id returning c.id; rollback
