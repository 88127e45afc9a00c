-- permit: none support
-- A schema of one's own.
-- expect: 42501
create schema mine

-- expect: 42501
create schema authorization current_user
