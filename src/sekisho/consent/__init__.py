"""Consent: append-only decisions, folded into standing."""
