-- permit: support
-- Names as an object mapper quotes them.
-- expect: says 19
select count(*) as "__count" from "customers" where ("customers"."email" is not null and not ("customers"."id" in (select u0."id" from "customers" u0 where u0."name" = 'x')))
