-- permit: none support
-- A secret that one knows, as the role's own setting for every session.
-- expect: 42501
alter role current_user set sekisho.session = 'known'

-- expect: 42501
alter role current_user in database postgres set sekisho.session = 'known'
