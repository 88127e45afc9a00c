"""Records of the desk: who works there, in a database of its own, never in the books."""
