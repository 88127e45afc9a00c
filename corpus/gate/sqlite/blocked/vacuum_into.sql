-- permit: support
-- A copy of the file.
-- expect: failed
vacuum into 'copy.db'
