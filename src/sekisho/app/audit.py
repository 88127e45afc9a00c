"""The audit: verifies the evidence log in the background, all of it now and then, the new part in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.leaves import Verdict, agrees
from sekisho.evidence.log import Log
from sekisho.ground import stamp

WHOLE = timedelta(hours=1)
"""How often every entry is looked at again: bytes that were right can still be changed later."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What the last verification found: `sound` is None before the first; `whole_at` is when all was looked at."""

    sound: bool | None
    says: str
    size: int
    whole_at: datetime | None
    at: datetime | None


class Audit:
    """Verifies a log step by step; one thread at a time."""

    def __init__(self, key: notes.Key, clock: stamp.Clock = stamp.now) -> None:
        self._key, self._clock = key, clock
        self._edge = tree.Range()
        self.last = Audited(None, "", 0, None, None)

    def step(self, log: Log) -> Audited:
        """Verify what came since the last step, or everything when that is due; what is wrong stays wrong."""
        now, last = self._clock(), self.last
        if last.whole_at is None or now - last.whole_at >= WHOLE or last.sound is False:
            verdict = log.verify(self._key)
            if verdict.sound:
                self._edge = tree.Range.read(verdict.size, log.store.node)
            self.last = Audited(verdict.sound, verdict.says, verdict.size, now, now)
        else:
            verdict = self._further(log)
            self.last = Audited(verdict.sound, verdict.says, verdict.size, last.whole_at, now)
        return self.last

    def _further(self, log: Log) -> Verdict:
        """Verify from the edge on: checkpoints, each leaf, then the tree as it is stored."""
        size, edge = log.size, self._edge
        if size < edge.size:
            return Verdict(size, edge.root(), size, f"entry {size} is missing")
        points = [(notes.Checkpoint.parse(t), t) for t in log.store.checkpoints(100)]
        says = next(filter(None, (self._point(p, t, size) for p, t in points)), "")
        says = says or self._rows(log, size, {p.size: p.root for p, _ in points})
        if not says and size and tree.root(size, log.store.node) != edge.root():
            says = "the stored subtree hashes are not those of the entries"
        return Verdict(size, edge.root(), None, says)

    def _point(self, point: notes.Checkpoint, text: str, size: int) -> str:
        if notes.verify(text, self._key) is None:
            return f"the checkpoint at {point.size} is not signed with this key"
        return f"a checkpoint covers {point.size} entries, {size} are here" if point.size > size else ""

    def _rows(self, log: Log, size: int, roots: Mapping[int, bytes]) -> str:
        edge = self._edge
        for row in log.store.rows(edge.size, size):
            if row.seq != edge.size:
                return f"entry {edge.size} is missing"
            if not agrees(row):
                return f"entry {row.seq} is not what was recorded"
            edge.append(row.leaf)
            if roots.get(edge.size, edge.root()) != edge.root():
                return f"the checkpoint at {edge.size} has another root"
        return "" if edge.size == size else f"entry {edge.size} is missing"
