"""The cosigner's files: an exported log to look at, and a memory of its own that a rollback cannot reach."""

from __future__ import annotations

import json
import os
from pathlib import Path

from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.cosigner import Seen, cosign
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Tampered

HASH = 32


def cosign_file(exported: Path, memory: Path, signer: notes.Signer) -> str:
    """Return the cosigned checkpoint of an exported log and remember it; raises Tampered when it does not extend."""
    try:
        leaves = (exported / "leaves").read_bytes()
        texts = (exported / "checkpoints").read_text(encoding="utf-8")
        key = notes.Key.parse((exported / "key").read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput("this is not an exported log", help="it is what `sekisho evidence export` writes") from error
    text = newest(texts)
    point = notes.Checkpoint.parse(text)
    hashes = [leaves[i : i + HASH] for i in range(0, point.size * HASH, HASH)]
    if len(leaves) < point.size * HASH or tree.root(point.size, _nodes(hashes)) != point.root:
        raise Tampered("the leaf hashes do not lead to the checkpoint's root", help="ask for the export again")
    seen = _read(memory, point.origin)
    proof = tree.consistency_proof(seen.size, point.size, _nodes(hashes)) if 0 < seen.size <= point.size else ()
    seen, signed = cosign(seen, text, key, proof, signer, int(stamp.now().timestamp()))
    _write(memory, seen)
    return signed


def newest(texts: str) -> str:
    """Return the last of several checkpoints in one text."""
    blocks = [b for b in texts.split("\n\n") if b.strip()]
    if len(blocks) < 2:
        raise BadInput("there is no checkpoint yet", help="make one: `sekisho evidence checkpoint`")
    return f"{blocks[-2].strip()}\n\n{blocks[-1].strip()}\n"


def _nodes(hashes: list[bytes]) -> tree.Node:
    return lambda height, index: tree.perfect(hashes[index << height : (index + 1) << height])


def _read(memory: Path, origin: str) -> Seen:
    if not memory.exists():
        return Seen(origin)
    try:
        kept = json.loads(memory.read_text(encoding="utf-8"))
        return Seen(str(kept["origin"]), int(kept["size"]), bytes.fromhex(kept["root"]))
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(
            "the cosigner's memory cannot be read", help="restore it; without it a rollback is not seen"
        ) from error


def _write(memory: Path, seen: Seen) -> None:
    fresh = memory.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"origin": seen.origin, "size": seen.size, "root": seen.root.hex()}, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(memory)
