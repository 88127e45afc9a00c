"""Rows of the log as they are stored, and the port through which the log reaches them.

A leaf is SHA-256(0x00, salt, body): RFC 6962's leaf hash over sixteen random bytes and a private body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import msgspec

from sekisho.evidence import tree
from sekisho.evidence.kinds import Entry
from sekisho.ground.errors import Tampered

SALT = 16
"""Bytes of salt a leaf."""


class Row(NamedTuple):
    """An entry as it is stored: body and salt may have been dropped, the leaf's hash stays."""

    seq: int
    kind: str
    clause: str
    body: bytes | None
    salt: bytes | None
    leaf: bytes


Prepared = tuple[str, str, bytes, bytes, bytes]
"""What is handed to a store: kind, clause, body, salt, leaf hash."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it is read back; `entry` is None where the body has been dropped."""

    seq: int
    kind: str
    clause: str
    entry: Entry | None


class LeafStore(Protocol):
    """Where rows, subtree hashes and checkpoints lie; safe among threads and processes.

    Appending is atomic and durable, or raises NotWitnessed. Reading raises StoreTrouble where the store is away and
    Tampered where its bytes cannot be what was written.
    """

    def append(self, prepared: Sequence[Prepared]) -> range:
        """Store rows, all or none, and return their range."""

    def mishap(self) -> bool:
        """Say whether a write was found that had been cut off, and nothing was appended since."""

    def size(self) -> int:
        """Return how many entries there are."""

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """Yield rows in order."""

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield leaf hashes in order, several in a row at a time."""

    def latest(self, count: int, before: int | None, kind: str, clause: str) -> list[Row]:
        """Return up to `count` rows, newest first."""

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""

    def tile(self, level: int, index: int) -> tuple[bytes, bytes] | None:
        """Return the 256 hashes of a complete tile in a row, and its root; None where it is not kept."""

    def count(self, kind: str, clause: str) -> int:
        """Return how many entries there are of a kind and clause; empty means any."""

    def tally(self) -> Mapping[tuple[str, str], int]:
        """Return how many entries there are by kind and clause."""

    def put_checkpoint(self, size: int, text: str) -> None:
        """Keep a signed checkpoint."""

    def checkpoints(self, count: int) -> list[str]:
        """Return the newest checkpoints, newest first."""

    def put_cosigned(self, size: int, text: str, key: str) -> bool:
        """Keep a checkpoint that an outsider signed, with their verifier key; return whether it was not yet there."""

    def cosigned(self, count: int) -> list[tuple[str, str]]:
        """Return the newest cosigned checkpoints with their verifier keys, newest first."""

    def trail(self) -> Iterator[str]:
        """Yield every checkpoint, cosigned ones too, smallest first."""

    def drop_bodies(self, stop: int) -> int:
        """Drop the bodies of entries before `stop`; return how many there were."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a verification: how far it went, and the first record that is wrong."""

    size: int
    root: bytes
    wrong: int | None = None
    says: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return self.wrong is None and not self.says


def leaf_of(salt: bytes, body: bytes) -> bytes:
    """Return the hash of the leaf that commits to a body."""
    return tree.leaf_hash(salt + body)


def agrees(row: Row) -> bool:
    """Say whether a row's leaf is that of its bytes; a dropped body leaves only the leaf to look at."""
    leaf, salt, body = row.leaf, row.salt, row.body
    if not isinstance(leaf, bytes) or len(leaf) != tree.HASH:
        return False
    if body is None and salt is None:
        return True
    return isinstance(body, bytes) and isinstance(salt, bytes) and leaf_of(salt, body) == leaf


def recorded(row: Row) -> Recorded:
    """Return a stored row as an entry; raises Tampered where the bytes are not one."""
    if row.body is None:
        return Recorded(row.seq, row.kind, row.clause, None)
    try:
        fields = msgspec.json.decode(row.body)
        kind = fields.pop("kind")
        at = datetime.fromisoformat(fields.pop("at")).astimezone(UTC)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Tampered(
            f"entry {row.seq} cannot be read", help="find the first wrong record: `sekisho evidence verify`"
        ) from error
    return Recorded(row.seq, row.kind, row.clause, Entry(kind, at, fields))
