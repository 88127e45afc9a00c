-- permit: support
-- Code from a library.
-- expect: refused
select load_extension('x')
