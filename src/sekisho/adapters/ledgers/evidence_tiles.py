"""What is kept beside the entries, in the same transaction: packed tiles of hashes, and counts by kind and clause."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

from sekisho.evidence import tree
from sekisho.evidence.leaves import Prepared
from sekisho.ground.errors import Tampered


def loose(db: sqlite3.Connection, level: int, start: int, stop: int) -> list[bytes]:
    """Return hashes of a level that are not packed in a tile of that level."""
    if level == 0:
        found = db.execute("select leaf from entry where seq >= ? and seq < ? order by seq", (start, stop))
    else:
        found = db.execute(
            "select root from tile where level = ? and idx >= ? and idx < ? order by idx", (level - 1, start, stop)
        )
    return [r[0] for r in found]


def pack(db: sqlite3.Connection, old: int, new: int, leaves: list[bytes]) -> None:
    """Pack the tiles that became complete, level by level, from what was loose before and the new leaves."""
    level, fresh = 0, leaves
    while (old >> tree.TILE_HEIGHT) != (new >> tree.TILE_HEIGHT):
        first, last = old >> tree.TILE_HEIGHT, new >> tree.TILE_HEIGHT
        start = first << tree.TILE_HEIGHT
        hashes = loose(db, level, start, old) + fresh
        if len(hashes) != new - start or not all(map(_is_hash, hashes[: old - start])):
            raise Tampered("hashes of earlier entries are missing", help="run `sekisho evidence verify`")
        rows = []
        for i in range(last - first):
            tile = hashes[i * tree.TILE : (i + 1) * tree.TILE]
            rows.append((level, first + i, b"".join(tile), tree.perfect(tile)))
        db.executemany("insert into tile values (?, ?, ?, ?)", rows)
        old, new, level, fresh = first, last, level + 1, [row[3] for row in rows]


def count(db: sqlite3.Connection, prepared: Sequence[Prepared], start: int) -> None:
    """Keep the counts by kind and clause, and which blocks of 256 entries hold them."""
    counts: Counter[tuple[str, str]] = Counter()
    blocks: list[tuple[str, str, int]] = []
    first = 0
    while first < len(prepared):
        block = (start + first) >> tree.TILE_HEIGHT
        last = ((block + 1) << tree.TILE_HEIGHT) - start
        found = Counter(map(itemgetter(0, 1), prepared[first:last]))
        counts += found
        blocks += [(*pair, block) for pair in found]
        first = last
    db.executemany(
        "insert into tally values (?, ?, ?) on conflict (kind, clause) do update set n = n + excluded.n",
        [(*pair, n) for pair, n in counts.items()],
    )
    db.executemany("insert or ignore into seen values (?, ?, ?)", blocks)


def _is_hash(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == tree.HASH
