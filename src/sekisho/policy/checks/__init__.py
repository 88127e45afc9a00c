"""Checks of a resolved policy: each returns diagnostics and changes nothing."""
