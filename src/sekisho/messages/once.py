"""What can be used once: codes that people type and links that they open, as values. Pure.

A code is short, so it lives for minutes and bears few tries (OWASP ASVS 5, 6.5 and 6.6); a link is long, so nobody
guesses it. Of neither is kept what was sent: of a link the SHA-256, of a code an HMAC under a key that is kept apart,
since whoever has the ledger could try a hundred million codes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

DIGITS = 8
"""Decimal digits of a code: 26 bits."""
CODE_LIFE = timedelta(minutes=10)
LINK_LIFE = timedelta(days=3)
STOP_LIFE = timedelta(days=730)
"""How long the link in a message that can be stopped stops it: people clear out their mailboxes late."""
TRIES = 5
"""How often a code may be tried, the right one included."""
CODES_AN_HOUR = 5
"""How many codes one case may have in an hour: a new code brings new tries."""
SKEW = timedelta(seconds=5)
"""How far a clock may have been put back since a secret was made; further, and the secret is void."""
TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Kind(Enum):
    """How a secret is used."""

    CODE = "code"
    LINK = "link"


class Action(Enum):
    """What using a secret does."""

    CONFIRM = "confirm"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Once:
    """A secret as the ledger keeps it: for which case, purpose and action, from when until when, and what became of it.

    `mark` is that of the address which a stop link stops; `used` is None as long as it was not used.
    """

    id: str
    kind: Kind
    action: Action
    purpose: str
    case: str
    mark: str
    made: datetime
    until: datetime
    tries: int = 0
    used: datetime | None = None

    def lives(self, now: datetime) -> bool:
        """Say whether it is within its life; a clock that was put back makes it void rather than longer."""
        return self.made - SKEW <= now < self.until


def new_code(chance: bytes) -> str:
    """Return a code from at least 16 random bytes; so many that no code is likelier than another."""
    if len(chance) < 16:
        raise ValueError("a code needs 16 random bytes")
    return str(int.from_bytes(chance) % 10**DIGITS).zfill(DIGITS)


def spaced(code: str) -> str:
    """Return a code as people read it: `1234 5678`."""
    return f"{code[: DIGITS // 2]} {code[DIGITS // 2 :]}"


def typed(text: str) -> str:
    """Return the digits of a code as somebody typed it, wide digits and spaces included; empty where it is none."""
    digits = "".join(str(int(c)) for c in text if c.isdecimal())
    rest = "".join(c for c in text if not c.isdecimal() and not c.isspace() and c != "-")
    return digits if len(digits) == DIGITS and not rest else ""


def code_digest(key: bytes, id: str, code: str) -> str:
    """Return what is kept of a code: an HMAC bound to the secret it belongs to."""
    return hmac.new(key, f"code\0{id}\0{code}".encode(), hashlib.sha256).hexdigest()


def new_token(chance: bytes) -> str:
    """Return the token of a link from 32 random bytes: 43 letters, 256 bits."""
    if len(chance) != TOKEN_BYTES:
        raise ValueError("a token needs 32 random bytes")
    return base64.urlsafe_b64encode(chance).rstrip(b"=").decode()


def token_digest(token: str) -> str | None:
    """Return what is kept of a token, or None where the text cannot be one."""
    return hashlib.sha256(token.encode()).hexdigest() if TOKEN.match(token) else None
