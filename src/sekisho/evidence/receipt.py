"""The receipt: what proves to anybody, offline, that an entry is in the log."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.leaves import leaf_of
from sekisho.ground.errors import BadInput


class _Receipt(msgspec.Struct):
    seq: int
    body: str | None
    salt: str | None
    leaf: str
    proof: list[str]
    checkpoint: str


class _Size(msgspec.Struct):
    size: int
    root: str


class _Consistency(msgspec.Struct):
    old: _Size
    new: _Size
    proof: list[str]


def verify_receipt(receipt: object, key: notes.Key, cosigners: Sequence[notes.Key] = ()) -> str:
    """Return why a receipt does not hold, or an empty text when it does; cosigners, where named, must have signed."""
    try:
        found = msgspec.convert(receipt, _Receipt)
        point = notes.Checkpoint.parse(found.checkpoint)
        leaf, proof = bytes.fromhex(found.leaf), [bytes.fromhex(h) for h in found.proof]
        root = tree.root_from_inclusion(found.seq, point.size, leaf, proof)
        own = leaf_of(bytes.fromhex(found.salt or ""), (found.body or "").encode())
    except (ValueError, BadInput) as error:
        return f"this is not a receipt: {error}"
    if notes.verify(found.checkpoint, key) is None:
        return "the checkpoint is not signed with this key"
    if root != point.root:
        return "the proof does not lead to the checkpoint's root"
    if (found.body is not None or found.salt is not None) and own != leaf:
        return "the body is not what was recorded"
    missing = [c.name for c in cosigners if notes.verify(found.checkpoint, c) is None]
    return f"the checkpoint is not cosigned by `{missing[0]}`" if missing else ""


def verify_consistency(document: object, old: notes.Checkpoint, new: notes.Checkpoint) -> str:
    """Return why a consistency proof does not join two checkpoints, or an empty text when it does."""
    try:
        found = msgspec.convert(document, _Consistency)
        proof = [bytes.fromhex(h) for h in found.proof]
    except ValueError as error:
        return f"this is not a consistency proof: {error}"
    if (found.old.size, found.new.size) != (old.size, new.size) or old.origin != new.origin:
        return "the proof is of other checkpoints"
    if not tree.is_consistent(old.size, old.root, new.size, new.root, proof):
        return f"the log of {new.size} entries does not begin with the {old.size} that were signed"
    return ""
