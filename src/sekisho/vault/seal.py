"""Sealing: AES-256-GCM (NIST SP 800-38D) with what the bytes belong to as associated data.

A sealed text is one byte for the form, a nonce of 96 bits and the ciphertext with its tag. The nonce is an argument,
random and never used twice under one key: a data key seals a person's few records, a wrapping key lives for a horizon,
both far below the 2³² uses after which random nonces would have to be counted.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sekisho.ground.errors import Tampered
from sekisho.vault.secret import Secret

FORM = b"\x01"
NONCE = 12
"""Bytes of a nonce."""
OVERHEAD = len(FORM) + NONCE + 16
"""How many bytes longer a sealed text is than what it holds."""


def about(*parts: str | int) -> bytes:
    """Return associated data: what a sealed text belongs to, each part with its length so that none runs into another.

    >>> about("record", 7)
    b'6:record1:7'
    """
    texts = [str(p).encode() for p in parts]
    return b"".join(b"%d:%b" % (len(t), t) for t in texts)


def seal(key: Secret, plain: bytes, belongs: bytes, nonce: bytes) -> bytes:
    """Return `plain` sealed under a key, for that place alone."""
    if len(nonce) != NONCE:
        raise ValueError("a nonce has 12 bytes")
    return FORM + nonce + AESGCM(key.raw).encrypt(nonce, plain, belongs)


def unseal(key: Secret, sealed: bytes, belongs: bytes) -> bytes:
    """Return what was sealed; raises Tampered where the key, the place or a single bit is another."""
    if len(sealed) < OVERHEAD or sealed[:1] != FORM:
        raise Tampered("a sealed text is cut off or of another form", help="compare with a backup")
    try:
        return AESGCM(key.raw).decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], belongs)
    except InvalidTag:
        raise Tampered(
            "a sealed text does not open: its key, its place or its bytes are others",
            help="compare with a backup; the key store must be that of this vault",
        ) from None
