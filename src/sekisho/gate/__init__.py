"""The gate: permits, verdicts and sessions; our own engine goes through it too."""
