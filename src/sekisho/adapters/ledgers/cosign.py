"""The cosigner's files: an exported log to look at, and a memory of its own that a rollback cannot reach."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.adapters.ledgers.export import opened
from sekisho.adapters.ledgers.keyfile import replace
from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.cosigner import Seen, cosign
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Tampered


def cosign_file(exported: Path, memory: Path, signer: notes.Signer, log_key: notes.Key | None = None) -> str:
    """Return the cosigned checkpoint of an exported log and remember it; raises Tampered when it does not extend.

    The log's key is remembered with its first checkpoint, or is the one that is given: what an export says later
    about its own key counts for nothing. What was signed is on the disk before the signature leaves.
    """
    with _alone(memory), opened(exported) as log:
        text = log.newest
        point = notes.Checkpoint.parse(text)
        if tree.root(point.size, log.tree.node) != point.root:
            raise Tampered("the leaf hashes do not lead to the checkpoint's root", help="ask for the export again")
        seen, key = _read(memory, point.origin)
        key = log_key or key or log.key
        proof = tree.consistency_proof(seen.size, point.size, log.tree.node) if 0 < seen.size <= point.size else ()
        seen, signed = cosign(seen, text, key, proof, signer, int(stamp.now().timestamp()))
        kept = {"origin": seen.origin, "size": seen.size, "root": seen.root.hex(), "key": key.text}
        replace(memory, json.dumps(kept).encode())
    return signed


@contextmanager
def _alone(memory: Path) -> Iterator[None]:
    """Let one cosigner at a time use a memory: two that look at once could sign two logs."""
    memory.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(memory.with_name(memory.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(memory: Path, origin: str) -> tuple[Seen, notes.Key | None]:
    if not memory.exists():
        return Seen(origin), None
    try:
        kept = json.loads(memory.read_text(encoding="utf-8"))
        seen = Seen(str(kept["origin"]), int(kept["size"]), bytes.fromhex(kept["root"]))
        return seen, notes.Key.parse(kept["key"])
    except (ValueError, KeyError, TypeError, AttributeError, BadInput) as error:
        raise BadInput(
            "the cosigner's memory cannot be read",
            help="restore it; without it a rollback is not seen",
            place=memory.name,
        ) from error
