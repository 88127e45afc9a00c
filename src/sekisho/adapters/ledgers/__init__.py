"""Our own append-only books: people, consent, evidence."""
