"""Keys under keys: the master key wraps wrapping keys, a wrapping key wraps data keys, and what is derived from a key.

    master key ──wraps──▶ wrapping keys ──wrap──▶ a data key for each person ──seals──▶ records
         └──────wraps──▶ deployment key ──derives──▶ keys of blind indexes, of the erasure register

Each wrapped key says in its associated data whose it is, so that nobody puts one person's key in another's place.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sekisho.vault.seal import about, seal, unseal
from sekisho.vault.secret import SIZE, Secret


def derive(key: Secret, name: str) -> Secret:
    """Return the key of that name under a key (HKDF-SHA-256, RFC 5869); the same name gives the same key."""
    return Secret(HKDF(SHA256(), SIZE, salt=None, info=b"sekisho " + name.encode()).derive(key.raw))


def fingerprint(master: Secret) -> str:
    """Return the key-check value of a master key: 16 hexadecimal digits that tell keys apart, nothing else."""
    return derive(master, "key check").raw[:8].hex()


def of_person(person: str, version: int) -> bytes:
    """Return what a person's wrapped data key belongs to."""
    return about("data key", person, version)


def of_wrapping(id: str) -> bytes:
    """Return what a wrapped wrapping key belongs to."""
    return about("wrapping key", id)


def wrap(under: Secret, key: Secret, belongs: bytes, nonce: bytes) -> bytes:
    """Return a key wrapped under another."""
    return seal(under, key.raw, belongs, nonce)


def unwrap(under: Secret, wrapped: bytes, belongs: bytes) -> Secret:
    """Return a wrapped key; raises Tampered where it is not that one."""
    return Secret(unseal(under, wrapped, belongs))
