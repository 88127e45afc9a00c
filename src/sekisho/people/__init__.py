"""People: random ids and handles for data subjects and staff, and where their rows are."""
