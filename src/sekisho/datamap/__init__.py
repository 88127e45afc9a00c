"""The data map: where personal data lives and whose each row is."""
