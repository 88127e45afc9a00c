-- permit: none support
-- What others will create.
-- expect: 42501
alter default privileges for role postgres grant select on tables to public

-- expect: done
alter default privileges in schema public revoke execute on functions from public
