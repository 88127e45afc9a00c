"""Canonical bytes: the one serialisation that is hashed and signed.

JSON in UTF-8 with keys in code point order, no insignificant space, no floats (RFC 8785 without its number rules,
which only floats need). The same value gives the same bytes on every machine.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="sorted")


def encode(value: Any) -> bytes:
    """Return the canonical bytes of a value made of dict, list, tuple, str, int, bool and None.

    Raises TypeError for floats (they have no one form) and for types that JSON does not know.
    """
    _refuse_floats(value)
    return _encoder.encode(value)


def encode_unchecked(value: Any) -> bytes:
    """Return the same bytes without looking for floats: for callers that check the bytes themselves."""
    return _encoder.encode(value)


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("floats have no canonical form; write a string or an integer of the smallest unit")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical bytes, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(encode(value)).hexdigest()


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes with line ends as LF, 64 hexadecimal digits."""
    return hashlib.sha256(text.replace("\r\n", "\n").replace("\r", "\n").encode()).hexdigest()


def to_base64url(data: bytes) -> str:
    """Return base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes of a base64url text without padding; raises ValueError where it is written otherwise."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if to_base64url(data) != text:
        raise ValueError("not base64url in its one form")
    return data
