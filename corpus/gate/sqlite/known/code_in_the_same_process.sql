-- permit: support
-- trust: sqlite-process
-- hole: file
-- Code in our process takes the authoriser away from the passage's own connection.
-- on: inside
-- expect: says zqhidden5zq
select name, address, birth_date from main.customers where id = 5
