-- permit: support
-- trust: sqlite-file
-- hole: file
-- A second connection opens the file: no gate, no policy.
-- on: file
-- expect: says zqhidden5zq
select name, address, birth_date from customers where id = 5
