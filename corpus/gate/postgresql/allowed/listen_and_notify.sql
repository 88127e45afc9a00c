-- permit: support
-- Channels that an application uses for its own ends.
listen shop

-- expect: says shop: hello
notify shop, 'hello'
