"""Evidence: an append-only log of facts without personal data that an outsider can check."""
