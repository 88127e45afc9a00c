"""Thin clients for applications: they import the gate and nothing above it."""
