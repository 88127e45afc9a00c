"""The small door: applications record decisions over HTTP, many in one commit; it tells nothing of people."""
