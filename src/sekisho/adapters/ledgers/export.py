"""The exported log: what outsiders may have. Leaf hashes in a row, checkpoints, and the log's verifier key; no bodies.

leaves        32 bytes an entry, in order; only ever appended to
checkpoints   signed notes, smallest first, one after another
key           the log's verifier key
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from sekisho.adapters.ledgers.keyfile import replace
from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.log import Log
from sekisho.ground.errors import BadInput, Tampered

HELP = "it is what `sekisho evidence export` writes"


class LeafFile:
    """The tree over a file of leaf hashes, read in place: it holds one hash in memory for 256 leaves."""

    def __init__(self, leaves: bytes | mmap, size: int) -> None:
        self._leaves, self.size = leaves, size
        self._tiles = [tree.perfect(self._slice(i << tree.TILE_HEIGHT, tree.TILE)) for i in range(size // tree.TILE)]

    def _slice(self, start: int, count: int) -> Sequence[bytes]:
        piece = self._leaves[start * tree.HASH : (start + count) * tree.HASH]
        return [piece[i : i + tree.HASH] for i in range(0, len(piece), tree.HASH)]

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""
        if height < tree.TILE_HEIGHT:
            return tree.perfect(self._slice(index << height, 1 << height))
        count = 1 << (height - tree.TILE_HEIGHT)
        return tree.perfect(self._tiles[index * count : (index + 1) * count])


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported log as it is read: its tree, its checkpoints and the key it says it has."""

    tree: LeafFile
    checkpoints: tuple[str, ...]
    key: notes.Key

    @property
    def newest(self) -> str:
        """The checkpoint that covers the most; the one with most signatures where several do."""
        return max(self.checkpoints, key=lambda t: (notes.Checkpoint.parse(t).size, len(t)))


def export(log: Log, target: Path, key: notes.Key) -> tuple[int, int]:
    """Write or continue an export; returns how many leaves it holds and how many are new.

    Raises Tampered where what is there already is not the beginning of the log: an export is never rewritten.
    """
    target.mkdir(parents=True, exist_ok=True)
    _same_key(target / "key", key)
    # checkpoints first: those that are read now cover no more than the leaves that are read after them
    texts = list(log.store.trail())
    size = log.size
    with (target / "leaves").open("ab+") as file:
        there = file.seek(0, os.SEEK_END) // tree.HASH
        if there > size:
            raise Tampered(
                f"the export holds {there} entries, the log {size}: the log was rolled back",
                help="keep this export as proof; restore the ledger",
            )
        _continues(log, file.fileno(), there)
        file.truncate(there * tree.HASH)
        for portion in log.store.leaves(there, size):
            file.write(portion)
        file.flush()
        if os.fstat(file.fileno()).st_size != size * tree.HASH:
            raise Tampered("entries are missing in the log", help="run `sekisho evidence verify`")
        os.fsync(file.fileno())
    replace(target / "checkpoints", "\n".join(texts).encode())
    return size, size - there


def _same_key(path: Path, key: notes.Key) -> None:
    if not path.exists():
        replace(path, f"{key.text}\n".encode())
    elif path.read_text(encoding="utf-8").strip() != key.text:
        raise BadInput("the export is of another log or key", help="name another folder", place=path.parent.name)


def _continues(log: Log, file: int, there: int) -> None:
    """Compare the export's last leaves with the log's; a cosigner compares the rest."""
    start = max(0, there - tree.TILE)
    ours = b"".join(log.store.leaves(start, there))
    if os.pread(file, len(ours), start * tree.HASH) != ours:
        raise Tampered(
            f"the export's entries before {there} are not those of the log",
            help="keep this export as proof; export to another folder",
        )


@contextmanager
def opened(folder: Path) -> Iterator[Exported]:
    """Read an exported log; raises BadInput where it is not one, Tampered where leaves and checkpoint differ."""
    try:
        key = notes.Key.parse((folder / "key").read_text(encoding="utf-8"))
        texts = notes.several((folder / "checkpoints").read_text(encoding="utf-8"))
        file = (folder / "leaves").open("rb")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("this is not an exported log", help=HELP, place=folder.name) from error
    with file:
        if not texts:
            raise BadInput("there is no checkpoint yet", help="make one: `sekisho evidence checkpoint`")
        size = max(notes.Checkpoint.parse(t).size for t in texts)
        if os.fstat(file.fileno()).st_size < size * tree.HASH:
            raise Tampered(f"the export holds fewer leaves than the {size} signed", help="ask for the export again")
        if size == 0:
            yield Exported(LeafFile(b"", 0), tuple(texts), key)
            return
        with mmap(file.fileno(), size * tree.HASH, access=ACCESS_READ) as leaves:
            yield Exported(LeafFile(leaves, size), tuple(texts), key)
