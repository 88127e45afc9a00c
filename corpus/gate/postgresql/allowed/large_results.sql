-- permit: support
-- Many rows made of few.
-- expect: rows 3610
select a.name, b.email from customers a, customers b, generate_series(1, 10) n
