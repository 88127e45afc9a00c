"""The log: entries are appended, never changed; each leaf is a salted hash of a private body.

Leaf content is SHA-256(salt, body), the leaf's hash is RFC 6962's. Bodies can be dropped without breaking a proof,
and what is published (leaf hashes, checkpoints) tells nothing about them. What cannot be appended raises
NotWitnessed, and then nothing may be given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.kinds import Entry, check
from sekisho.ground import canon, stamp
from sekisho.ground.errors import BadInput, Tampered

SALT = 16
"""Bytes of salt a leaf."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it is stored: body and salt may have been dropped, the leaf's hash stays."""

    seq: int
    kind: str
    clause: str
    body: bytes | None
    salt: bytes | None
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as it is read back; `entry` is None where the body has been dropped."""

    seq: int
    kind: str
    clause: str
    entry: Entry | None


class LeafStore(Protocol):
    """Where rows, subtree hashes and checkpoints lie; appending is atomic, durable and safe among processes."""

    def append(self, prepared: Sequence[tuple[str, str, bytes, bytes, bytes]]) -> range:
        """Store (kind, clause, body, salt, leaf hash) rows, all or none, and return their range."""

    def size(self) -> int:
        """Return how many entries there are."""

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """Yield rows in order."""

    def latest(self, count: int, before: int | None, kind: str, clause: str) -> list[Row]:
        """Return up to `count` rows, newest first."""

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""

    def count(self, kind: str, clause: str) -> int:
        """Return how many entries there are of a kind and clause; empty means any."""

    def put_checkpoint(self, size: int, text: str) -> None:
        """Keep a signed checkpoint."""

    def checkpoints(self, count: int) -> list[str]:
        """Return the newest checkpoints, newest first."""


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
    return tree.leaf_hash(hashlib.sha256(salt + body).digest())


class Log:
    """An append-only log over a leaf store; `origin` names it in checkpoints."""

    def __init__(self, store: LeafStore, origin: str) -> None:
        self.store = store
        self.origin = origin

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self.store.size()

    def append(self, entries: Sequence[Entry]) -> range:
        """Record entries durably, all or none, and return their sequence numbers; raises NotWitnessed or BadInput."""
        bodies = [self._body(e) for e in entries]
        salts = stamp.nonce(SALT * len(entries))
        prepared = []
        for i, (entry, body) in enumerate(zip(entries, bodies, strict=True)):
            salt = salts[i * SALT : (i + 1) * SALT]
            clause = entry.fields.get("clause", "")
            prepared.append((entry.kind, str(clause), body, salt, leaf_of(salt, body)))
        return self.store.append(prepared)

    @staticmethod
    def _body(entry: Entry) -> bytes:
        check(entry)
        return canon.encode({"kind": entry.kind, "at": stamp.rfc3339(entry.at), **entry.fields})

    def entries(self, start: int, stop: int) -> Iterator[Recorded]:
        """Yield entries in order."""
        return (recorded(row) for row in self.store.rows(start, stop))

    def latest(self, count: int, before: int | None = None, kind: str = "", clause: str = "") -> list[Recorded]:
        """Return up to `count` entries, newest first, before a sequence number, of a kind and clause where given."""
        return [recorded(row) for row in self.store.latest(count, before, kind, clause)]

    def count_by(self, kind: str = "", clause: str = "") -> int:
        """Return how many entries there are of a kind and clause."""
        return self.store.count(kind, clause)

    def checkpoint(self, signer: notes.Signer) -> str:
        """Sign the log as it is: leaves are recomputed from the stored bytes first; raises Tampered if one differs."""
        known = self.store.checkpoints(1)
        since = notes.Checkpoint.parse(known[0]).size if known else 0
        size = self.size
        for row in self.store.rows(since, size):
            self._agree(row)
        point = notes.Checkpoint(self.origin, size, tree.root(size, self.store.node))
        text = notes.signed(point.text, signer.sign(point.text))
        self.store.put_checkpoint(size, text)
        return text

    @staticmethod
    def _agree(row: Row) -> None:
        if row.body is not None and row.salt is not None and leaf_of(row.salt, row.body) != row.leaf:
            raise Tampered(
                f"entry {row.seq} is not what was recorded", help="compare with a backup; do not sign over it"
            )

    def verify(self, key: notes.Key | None = None) -> Verdict:  # noqa: PLR0911 - one return a kind of damage
        """Recompute every leaf and root from the stored bytes; name the first record or checkpoint that is wrong."""
        size = self.size
        points = {p.size: p for p in map(notes.Checkpoint.parse, self.store.checkpoints(10_000))}
        edge = tree.Range()
        for row in self.store.rows(0, size):
            if row.seq != edge.size:
                return Verdict(size, edge.root(), edge.size, f"entry {edge.size} is missing")
            try:
                self._agree(row)
            except Tampered as error:
                return Verdict(size, edge.root(), row.seq, str(error))
            edge.append(row.leaf)
            point = points.get(edge.size)
            if point is not None and point.root != edge.root():
                return Verdict(size, edge.root(), row.seq, f"the checkpoint at {point.size} has another root")
        if edge.size != size:
            return Verdict(size, edge.root(), edge.size, f"entry {edge.size} is missing")
        beyond = [p for p in points if p > size]
        if beyond:
            return Verdict(size, edge.root(), size, f"a checkpoint covers {max(beyond)} entries, {size} are here")
        if size and tree.root(size, self.store.node) != edge.root():
            return Verdict(size, edge.root(), None, "the stored subtree hashes are not those of the entries")
        return Verdict(size, edge.root(), None, self._unsigned(key))

    def _unsigned(self, key: notes.Key | None) -> str:
        if key is None:
            return ""
        for text in self.store.checkpoints(10_000):
            if notes.verify(text, key) is None:
                return f"the checkpoint at {notes.Checkpoint.parse(text).size} is not signed with this key"
        return ""

    def receipt(self, seq: int) -> dict[str, object]:
        """Return what proves to anybody that an entry is in the log: body, salt, proof and a signed checkpoint."""
        covering = [t for t in self.store.checkpoints(100) if notes.Checkpoint.parse(t).size > seq]
        if not covering:
            raise BadInput(f"entry {seq} is not under a checkpoint yet", help="make one: `sekisho evidence checkpoint`")
        point = notes.Checkpoint.parse(covering[0])
        row = next(self.store.rows(seq, seq + 1))
        proof = tree.inclusion_proof(seq, point.size, self.store.node)
        return {
            "seq": seq,
            "body": None if row.body is None else row.body.decode(),
            "salt": None if row.salt is None else row.salt.hex(),
            "leaf": row.leaf.hex(),
            "proof": [h.hex() for h in proof],
            "checkpoint": covering[0],
        }


def recorded(row: Row) -> Recorded:
    """Return a stored row as an entry."""
    if row.body is None:
        return Recorded(row.seq, row.kind, row.clause, None)
    fields = msgspec.json.decode(row.body)
    kind = fields.pop("kind")
    at = datetime.fromisoformat(fields.pop("at")).astimezone(UTC)
    return Recorded(row.seq, row.kind, row.clause, Entry(kind, at, fields))


def verify_receipt(receipt: dict[str, Any], key: notes.Key) -> str:
    """Return why a receipt does not hold, or an empty text when it does."""
    try:
        point = notes.Checkpoint.parse(receipt["checkpoint"])
        leaf = bytes.fromhex(receipt["leaf"])
        proof = [bytes.fromhex(h) for h in receipt["proof"]]
        root = tree.root_from_inclusion(int(receipt["seq"]), point.size, leaf, proof)
        body, salt = receipt["body"], receipt["salt"]
    except (KeyError, TypeError, ValueError, BadInput) as error:
        return f"this is not a receipt: {error}"
    if notes.verify(receipt["checkpoint"], key) is None:
        return "the checkpoint is not signed with this key"
    if root != point.root:
        return "the proof does not lead to the checkpoint's root"
    if body is not None and (salt is None or leaf_of(bytes.fromhex(salt), body.encode()) != leaf):
        return "the body is not what was recorded"
    return ""
