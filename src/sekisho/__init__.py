"""Sekisho keeps a company's privacy policy: one text that lawyers edit and the database engine runs."""

__version__ = "0.1.0"
