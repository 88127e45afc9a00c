"""The audit: every leaf, tile, count and checkpoint is recomputed from the stored bytes, and the first wrong is named.

Memory stays bounded however long the log is: one tile of leaves, the tree's edge, and counts by kind and clause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import merge

import msgspec

from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.leaves import LeafStore, Row, Verdict, agrees
from sekisho.ground.errors import BadInput, Tampered

Finding = tuple[int | None, str]
"""The first record that may be wrong, and what is wrong."""


class _Head(msgspec.Struct):
    kind: str
    clause: str = ""


_head = msgspec.json.Decoder(_Head).decode


def audit(
    store: LeafStore, origin: str, kept_from: int, key: notes.Key | None = None, held: Sequence[str] = ()
) -> Verdict:
    """Verify a log from its first byte to its last; `key` is the log's, `held` are checkpoints kept elsewhere.

    A log cannot show by itself that it was rolled back or rewritten as a whole: only a checkpoint that is held
    elsewhere, by a cosigner above all, can. Bodies before `kept_from` may be gone, by their promise.
    """
    walk = _Walk(store, origin, kept_from, key, held)
    wrong, says = next(walk.findings(), (None, ""))
    return Verdict(walk.size, walk.root(), wrong, says)


class _Walk:
    """One reading of a log, from its beginning to its end, together with its checkpoints."""

    def __init__(
        self, store: LeafStore, origin: str, kept_from: int, key: notes.Key | None, held: Sequence[str]
    ) -> None:
        self._store, self._origin, self._kept_from, self._key = store, origin, kept_from, key
        self.size = store.size()
        self._trusted = sorted((notes.Checkpoint.parse(t) for t in held), key=lambda p: p.size)
        self._points = merge(self._trail(), self._trusted, key=lambda p: p.size)
        self._next: notes.Checkpoint | None = None
        self._agreed = 0
        self._unsigned = ""
        self._counts: Counter[tuple[str, str]] = Counter()
        self._levels: list[list[bytes]] = [[]]
        """Hashes of the tile that is being filled, level by level; level 0 holds leaves."""
        self._edge = tree.Range()
        """The edge over complete tiles."""
        self._low = tree.Range()
        """The edge over the leaves of the tile that is being filled."""

    def _trail(self) -> Iterator[notes.Checkpoint]:
        for text in self._store.trail():
            if not isinstance(text, str):
                raise BadInput("it is no text")
            if self._key is not None and notes.verify(text, self._key) is None and not self._unsigned:
                size = notes.Checkpoint.parse(text).size
                self._unsigned = f"the checkpoint at {size} is not signed with this key"
            yield notes.Checkpoint.parse(text)

    def root(self) -> bytes:
        """Return the root over what has been read."""
        edge = self._edge.edge + self._low.edge
        return tree.fold(edge) if edge else tree.EMPTY_ROOT

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong, first record first."""
        seen = 0
        try:
            self._next = next(self._points, None)
            yield from self._compare(0)
            for row in self._store.rows(0, self.size):
                says = self._look(row, seen)
                if says:
                    yield seen, says
                seen += 1
                self._low.append(row.leaf)
                self._levels[0].append(row.leaf)
                if not seen % tree.TILE:
                    yield from self._close_tile(seen)
                if self._next is not None and self._next.size == seen:
                    yield from self._compare(seen)
            if seen != self.size:
                yield seen, f"entry {seen} is missing"
            yield from self._whole()
        except Tampered as error:
            yield seen, f"entry {seen} cannot be read: {error}"
        except BadInput as error:
            yield None, f"a checkpoint cannot be read: {error}"

    def _look(self, row: Row, seen: int) -> str:
        if row.seq != seen:
            return f"entry {seen} is missing"
        if not agrees(row):
            return f"entry {seen} is not what was recorded"
        kind, clause = pair = row[1:3]
        self._counts[pair] += 1
        if row.body is None:
            return f"the body of entry {seen} is gone before its time" if seen >= self._kept_from else ""
        try:
            head = _head(row.body)
        except msgspec.MsgspecError:
            return f"entry {seen} is not an entry"
        if head.kind != kind or head.clause != clause:
            return f"entry {seen} stands under another kind or clause than its own"
        return ""

    def _close_tile(self, seen: int) -> Iterator[Finding]:
        """Compare a tile of leaves with the stored one, and those above that become complete with it."""
        root = self._low.edge[0]
        self._edge.append(root)
        self._low = tree.Range()
        for level in range(len(self._levels)):
            hashes, self._levels[level] = self._levels[level], []
            root = root if level == 0 else tree.perfect(hashes)
            index = (seen >> tree.TILE_HEIGHT * (level + 1)) - 1
            yield from self._tile(level, index, hashes, root)
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(root)
            if len(self._levels[level + 1]) < tree.TILE:
                return

    def _tile(self, level: int, index: int, hashes: list[bytes], root: bytes) -> Iterator[Finding]:
        span = tree.TILE**level
        start = index * tree.TILE * span
        kept = self._store.tile(level, index)
        if kept is None:
            yield start, f"the subtree hashes of entries from {start} are missing"
        elif kept != (b"".join(hashes), root):
            parts = [kept[0][i : i + tree.HASH] for i in range(0, len(kept[0]), tree.HASH)]
            at = next((i for i, (ours, theirs) in enumerate(zip(hashes, parts, strict=False)) if ours != theirs), 0)
            wrong = start + at * span
            yield wrong, f"entry {wrong} is not the one that its subtree hashes were made of"

    def _compare(self, seen: int) -> Iterator[Finding]:
        """Compare every checkpoint of this size: several of one size must have one root."""
        root = self.root()
        while self._next is not None and self._next.size == seen:
            if self._next.root != root or self._next.origin != self._origin:
                first, last = self._agreed, max(seen - 1, self._agreed)
                where = f"entry {first}" if first == last else f"an entry from {first} to {last}"
                yield first, f"{where} is not what was signed: the checkpoint at {seen} has another root"
            self._next = next(self._points, None)
        self._agreed = seen

    def _whole(self) -> Iterator[Finding]:
        # what was appended since this reading began may have been signed since as well
        now = self._store.size()
        beyond = [p for p in (self._next, *self._points) if p is not None and p.size > now]
        if beyond:
            yield now, f"a checkpoint covers {beyond[-1].size} entries, {now} are here"
        if self._unsigned:
            yield None, self._unsigned
        if tree.root(self.size, self._store.node) != self.root():
            yield None, "the stored subtree hashes are not those of the entries"
        if now == self.size:
            yield from self._tallied()

    def _tallied(self) -> Iterator[Finding]:
        kept = self._store.tally()
        if self._store.size() != self.size:
            return
        odd = [k for k in {*kept, *self._counts} if kept.get(k, 0) != self._counts[k]]
        for pair in sorted(odd, key=str)[:1]:
            yield None, f"the count of `{pair[0]}` under `{pair[1]}` is {kept.get(pair, 0)}, not {self._counts[pair]}"
