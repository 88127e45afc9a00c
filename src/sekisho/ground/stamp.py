"""Time and chance: the only module of the lower floors that sees a clock or a random source.

Pure rooms take instants and random values as arguments; doors and adapters get them here, so a test can hand in
a clock of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the present instant in UTC with microseconds."""
    return datetime.now(UTC)


def handle() -> str:
    """Return a fresh random 128-bit handle, 32 lower-case hexadecimal digits."""
    return secrets.token_hex(16)


def nonce(size: int = 16) -> bytes:
    """Return `size` fresh random bytes."""
    return secrets.token_bytes(size)


def rfc3339(instant: datetime) -> str:
    """Return an instant as RFC 3339 in UTC with microseconds, e.g. `2026-12-01T09:12:00.000000Z`."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"
