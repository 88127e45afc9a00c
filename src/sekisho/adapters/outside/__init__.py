"""The world outside: servers that take what we send."""
