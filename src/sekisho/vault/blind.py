"""Blind indexes: a keyed digest of an identifier, so that it can be looked up and not read.

Equal identifiers give equal digests: whoever holds the vault's database sees that two records share an address, and
whoever also holds the key can try addresses. What is written differently and is the same is made the same first.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass

from sekisho.ground.errors import BadInput
from sekisho.ground.personal import Personal
from sekisho.vault.secret import Secret

KINDS = ("email", "phone", "number")
"""What people are looked up by: e-mail address, telephone number, customer number."""
SIZE = 16
"""Bytes of a digest: HMAC-SHA-256 (RFC 2104) cut to 128 bits."""
LOOK_UP = "look-up"
"""For what an identifier is opened here: only to make its digest."""
_PAUSES = re.compile(r"[\s().\-/‐-―−ー]+")


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier of a person: its kind and its value."""

    kind: str
    value: Personal[str]


def check_kind(kind: str) -> None:
    """Raise BadInput for a kind that is none."""
    if kind not in KINDS:
        raise BadInput(f"`{kind[:60]}` is not a kind of identifier", help=f"use one of: {', '.join(KINDS)}")


def normalise(kind: str, text: str) -> str:
    """Return an identifier in its one form; raises BadInput where it is none, and does not repeat it.

    NFKC and without spaces around; e-mail addresses without case; of telephone numbers the digits, `+` in front kept;
    customer numbers without case and spaces.

    >>> normalise("email", " Hanako@Example.JP"), normalise("phone", "０９０（１２３４）5678")
    ('hanako@example.jp', '09012345678')
    """
    check_kind(kind)
    plain = unicodedata.normalize("NFKC", text).strip()
    if kind == "phone":
        plain = _PAUSES.sub("", plain)
        right = plain.removeprefix("+").isdecimal()
        plain = "+" * plain.startswith("+") + "".join(str(int(c)) for c in plain.removeprefix("+") if c.isdecimal())
    elif kind == "email":
        plain = unicodedata.normalize("NFKC", plain.casefold())
        right = plain.count("@") == 1 and not plain.startswith("@") and not plain.endswith("@")
    else:
        plain = unicodedata.normalize("NFKC", "".join(plain.split()).casefold())
        right = bool(plain)
    if not right:
        raise BadInput(f"this is not an identifier of kind `{kind}`", help="see how it was typed")
    return plain


def index(key: Secret, identifier: Identifier) -> bytes:
    """Return the look-up value of an identifier; the same text of another kind has another one."""
    text = normalise(identifier.kind, identifier.value.reveal(LOOK_UP))
    return keyed(key, f"{identifier.kind}:{text}".encode("utf-8", "surrogatepass"))


def keyed(key: Secret, data: bytes) -> bytes:
    """Return the keyed digest of bytes, 16 bytes."""
    return hmac.digest(key.raw, data, hashlib.sha256)[:SIZE]
