"""The log: entries are appended, never changed; each leaf is a salted hash of a private body.

A leaf is RFC 6962's, over salt and body. Bodies can be dropped without breaking a proof,
and what is published (leaf hashes, checkpoints) tells nothing about them. What cannot be appended raises
NotWitnessed, and then nothing may be given.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.audit import audit
from sekisho.evidence.cosigner import Witnessed, witnessed
from sekisho.evidence.kinds import Entry, body_of
from sekisho.evidence.leaves import SALT, LeafStore, Recorded, Row, Verdict, agrees, leaf_of, recorded
from sekisho.evidence.receipt import verify_receipt
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Tampered

__all__ = ["LeafStore", "Log", "Recorded", "Row", "Verdict", "leaf_of", "recorded", "verify_receipt"]


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
        if not entries:
            return range(0)
        if self.store.mishap():
            # what came before was cut off: the log says so itself before it goes on
            told = Entry("incident", stamp.now(), {"code": "write-cut-off", "store": "evidence"})
            return self._put([told, *entries])[1:]
        return self._put(entries)

    def _put(self, entries: Sequence[Entry]) -> range:
        bodies = [body_of(e) for e in entries]
        random, sha = stamp.nonce(SALT * len(entries)), hashlib.sha256
        salts = [random[i : i + SALT] for i in range(0, len(random), SALT)]
        # `leaf_of`, written out: this runs for every entry there is
        leaves = [sha(b"\0" + s + b).digest() for s, b in zip(salts, bodies, strict=True)]
        kinds = [e.kind for e in entries]
        clauses = [str(e.fields.get("clause", "")) for e in entries]
        prepared = list(zip(kinds, clauses, bodies, salts, leaves, strict=True))
        return self.store.append(prepared)

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
        """Sign the log as it is, so that checkpoints only ever extend; raises Tampered rather than sign over damage.

        The tree is first compared with the newest checkpoint, then every leaf since is recomputed from the stored
        bytes, then the subtree hashes that proofs are made of are compared with those leaves.
        """
        known = self.store.checkpoints(1)
        edge = self._edge_of(notes.Checkpoint.parse(known[0])) if known else tree.Range()
        size = self.size
        if known and size == edge.size and notes.verify(known[0], signer.key) is not None:
            return known[0]
        for row in self.store.rows(edge.size, size):
            if row.seq != edge.size:
                raise Tampered(f"entry {edge.size} is missing", help="restore the ledger; do not sign over it")
            if not agrees(row):
                raise Tampered(
                    f"entry {row.seq} is not what was recorded", help="compare with a backup; do not sign over it"
                )
            edge.append(row.leaf)
        point = notes.Checkpoint(self.origin, size, edge.root())
        if edge.size != size or tree.root(size, self.store.node) != point.root:
            raise Tampered(
                "the stored subtree hashes are not those of the entries", help="restore the ledger from a backup"
            )
        text = notes.signed(point.text, signer.sign(point.text))
        self.store.put_checkpoint(size, text)
        return text

    def _edge_of(self, known: notes.Checkpoint) -> tree.Range:
        if known.origin != self.origin:
            raise BadInput(
                f"the ledger's checkpoints are of `{known.origin}`, not of `{self.origin}`",
                help="set `origin` under [site] back, or begin a ledger of its own",
            )
        if known.size > self.size:
            raise Tampered(
                f"the log was rolled back: {known.size} entries were signed, {self.size} are here",
                help="restore the ledger; do not sign over it",
            )
        edge = tree.Range.read(known.size, self.store.node)
        if edge.root() != known.root:
            raise Tampered(
                f"the log does not extend its checkpoint at {known.size}", help="verify it; do not sign over it"
            )
        return edge

    def verify(self, key: notes.Key | None = None, held: Sequence[str] = ()) -> Verdict:
        """Recompute everything from the stored bytes; name the first record or checkpoint that is wrong.

        `key` is the log's own, `held` are checkpoints kept elsewhere: only those show that the whole was rolled back.
        """
        try:
            return audit(self.store, self.origin, self.kept_from(), key, held)
        except Tampered as error:
            return Verdict(0, tree.EMPTY_ROOT, 0, str(error))

    # -- what an outsider signed --------------------------------------------------------------------------------

    def cosigned(self, text: str, log_key: notes.Key, cosigner: notes.Key, at: datetime) -> Witnessed:
        """Take a checkpoint back that an outsider signed: verified against the tree, kept, and recorded once."""
        point = notes.Checkpoint.parse(text)
        if cosigner.kind != notes.COSIGNATURE:
            raise BadInput(f"`{cosigner.name}` is not a cosigner's key", help="use the one that `sekisho cosign` tells")
        if point.origin != self.origin or notes.verify(text, log_key) is None:
            raise Tampered("the checkpoint is not one of this log", help="cosign what `evidence export` writes here")
        instant = notes.verify(text, cosigner)
        if instant is None:
            raise Tampered(f"the checkpoint is not signed by `{cosigner.name}`", help="compare the cosigner's key")
        self._edge_of(point)
        if (text, cosigner.text) not in self.store.cosigned(1000):
            name = re.sub(r"[^a-zA-Z0-9_.:-]", "-", cosigner.name).lstrip("_.:-")[:128] or "cosigner"
            key = hashlib.sha256(cosigner.text.encode()).hexdigest()
            fields = {"size": point.size, "root": point.root.hex(), "cosigner": name, "key": key}
            self.append([Entry("checkpoint-cosigned", at, fields)])
            self.store.put_cosigned(point.size, text, cosigner.text)
        return Witnessed(cosigner, point.size, point.root, instant)

    def witnessed(self, keys: Sequence[notes.Key] = ()) -> Witnessed | None:
        """Return the newest checkpoint signed by one of these cosigners, or by any whose signature was taken back."""
        kept = self.store.cosigned(100)
        known = keys or list({key: notes.Key.parse(key) for _, key in kept}.values())
        found: Witnessed | None = None
        for text, _ in kept:
            if found is not None and notes.Checkpoint.parse(text).size < found.size:
                break
            newer = witnessed([text], known)
            found = newer if found is None or (newer is not None and newer.at > found.at) else found
        return found

    # -- what proves an entry -----------------------------------------------------------------------------------

    def receipt(self, seq: int, body: bool = True) -> dict[str, object]:
        """Return what proves to anybody that an entry is in the log: body, salt, inclusion proof and checkpoint.

        The checkpoint is the newest that an outsider signed, or else our own newest; without `body` the receipt
        tells nothing but that a leaf is there.
        """
        point, text = self._covering(seq)
        row = next(self.store.rows(seq, seq + 1), None)
        if row is None or row.seq != seq or not agrees(row):
            raise Tampered(f"entry {seq} is not what was recorded", help="verify the log: `sekisho evidence verify`")
        proof = tree.inclusion_proof(seq, point.size, self.store.node)
        if tree.root_from_inclusion(seq, point.size, row.leaf, proof) != point.root:
            raise Tampered(
                f"entry {seq} is not under the checkpoint at {point.size}",
                help="verify the log: `sekisho evidence verify`",
            )
        return {
            "seq": seq,
            "body": row.body.decode() if body and row.body is not None else None,
            "salt": row.salt.hex() if body and row.salt is not None else None,
            "leaf": row.leaf.hex(),
            "proof": [h.hex() for h in proof],
            "checkpoint": text,
        }

    def _covering(self, seq: int) -> tuple[notes.Checkpoint, str]:
        if not 0 <= seq < self.size:
            raise BadInput(f"there is no entry {seq}", help=f"entries are 0 to {self.size - 1}")
        for text in [*(t for t, _ in self.store.cosigned(1)), *self.store.checkpoints(1)]:
            point = notes.Checkpoint.parse(text)
            if point.size > seq:
                return point, text
        raise BadInput(f"entry {seq} is not under a checkpoint yet", help="make one: `sekisho evidence checkpoint`")

    def consistency(self, old: int, new: int) -> dict[str, object]:
        """Return what proves that the first `old` entries are the beginning of the first `new`."""
        if not 0 < old <= new <= self.size:
            raise BadInput(
                f"the log has no {old} and {new} entries to compare", help=f"use two sizes from 1 to {self.size}"
            )
        node = self.store.node
        return {
            "old": {"size": old, "root": tree.root(old, node).hex()},
            "new": {"size": new, "root": tree.root(new, node).hex()},
            "proof": [h.hex() for h in tree.consistency_proof(old, new, node)],
        }

    # -- bodies expire ------------------------------------------------------------------------------------------

    def expire(self, before: datetime, at: datetime) -> int:
        """Drop the bodies at the beginning of the log that are older than an instant; recorded first, then done.

        It stops at the first entry that is not older, so that what is left is one piece. Returns how many there were.
        """
        stop = self.kept_from()
        for row in self.store.rows(stop, self.size):
            entry = recorded(row).entry
            if entry is not None and entry.at >= before:
                break
            stop = row.seq + 1
        if stop > self.kept_from():
            self.append([Entry("bodies-dropped", at, {"until": stop})])
        return self.store.drop_bodies(stop)

    def kept_from(self) -> int:
        """Return the first entry whose body has not been dropped by its promise."""
        newest = self.latest(1, kind="bodies-dropped")
        until = newest[0].entry.fields["until"] if newest and newest[0].entry else 0
        return until if isinstance(until, int) else 0
