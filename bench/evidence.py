"""Evidence: appending realistic entries against plain rows of the same bytes, proofs from a long log, verifying one."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import Case, interleave
from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.kinds import Entry, body_of
from sekisho.evidence.log import Log

COMMIT = 1000
READINGS = 10
SIGNER = notes.Signer("bench.example/evidence", b"k" * 32)
START = datetime(2026, 12, 1, 9, tzinfo=UTC)


def run(quick: bool) -> Iterator[Case]:
    yield append_1000(8 if quick else 40)
    count, name = (10**5, "10e5") if quick else (10**7, "10e7")
    with folder() as place, filled(place / "evidence.db", count, bodies=quick) as log:
        yield proof(log, f"proof_{name}", 200 if quick else 2000)
        if quick:
            yield verify(log, "verify_10e5", 3)
    if not quick:
        with folder() as place, filled(place / "evidence.db", 10**6, bodies=True) as log:
            yield verify(log, "verify_10e6", 3)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on a real disk, not in memory: what is durable must cost what it costs."""
    var = Path("var")
    var.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=var, prefix="bench-evidence-"))
    try:
        yield place
    finally:
        shutil.rmtree(place)


# -- realistic entries ------------------------------------------------------------------------------------------


def entries(count: int, seed: int) -> list[Entry]:
    """Of five: three packs of a service's readings, a permit, a decision; about 700 bytes each.

    A pack is what a batched service witnesses at once: a fifth of a second at fifty readings a second, of one person
    each.
    """
    chance = random.Random(seed)
    makers = (readings, readings, readings, permit, decision)
    return [makers[n % 5](chance, START + timedelta(milliseconds=seed * 40 + n * 3)) for n in range(count)]


def readings(chance: random.Random, at: datetime) -> Entry:
    which = [chance.randrange(2) for _ in range(READINGS)]
    fields = {
        "store": "shop",
        "purpose": "support",
        "clause": "customer-support",
        "actor": handle(chance),
        "grade": "named",
        "statements": [digest(chance) for _ in range(2)],
        "which": which,
        "rows": [1 for _ in which],
        "people": [[handle(chance)] for _ in which],
        "permit": digest(chance),
        "since": "2026-12-01T08:59:59.120000Z",
    }
    return Entry("readings", at, fields)


def permit(chance: random.Random, at: datetime) -> Entry:
    fields = {
        "store": "shop",
        "purpose": "support",
        "clause": "customer-support",
        "actor": handle(chance),
        "reason": digest(chance),
        "permit": digest(chance),
        "scope": "session",
        "single": True,
        "not_before": "2026-12-01T09:00:00.000000Z",
        "until": "2026-12-01T09:15:00.000000Z",
    }
    return Entry("permit-issued", at, fields)


def decision(chance: random.Random, at: datetime) -> Entry:
    fields = {
        "person": handle(chance),
        "purpose": "news",
        "clause": "newsletter",
        "number": 12,
        "decision": "given",
        "text": digest(chance),
        "version": "2026-11-01",
        "language": "ja",
        "method": "preferences",
    }
    return Entry("consent-decision", at, fields)


def handle(chance: random.Random) -> str:
    return chance.randbytes(16).hex()


def digest(chance: random.Random) -> str:
    return chance.randbytes(32).hex()


# -- appending --------------------------------------------------------------------------------------------------


def append_1000(rounds: int) -> Case:
    """Ten commits of a thousand entries a sample, so that the journal's emptying falls on both alike."""
    batches = [entries(COMMIT, seed) for seed in range(10)]
    bodies = [[body_of(e) for e in batch] for batch in batches]
    with folder() as place:
        store = SqliteLeaves(place / "evidence.db")
        log, plain = Log(store, "bench"), Plain(place / "plain.db")

        def ours() -> float:
            begun = time.perf_counter()
            for batch in batches:
                log.append(batch)
            return (time.perf_counter() - begun) / len(batches) * 1000

        def theirs() -> float:
            begun = time.perf_counter()
            for batch in bodies:
                plain.append(batch)
            return (time.perf_counter() - begun) / len(batches) * 1000

        samples, baseline = interleave(rounds, ours, theirs)
        store.close()
        plain.close()
    return Case("append_1000", "ms", samples, baseline, target="ratio ≤ 2.5")


class Plain:
    """The plain engine: the same bytes in a plain table, with the same pragmas, a thousand a commit."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.execute("create table entry (seq integer primary key, body blob)")
        self._size = 0

    def append(self, bodies: list[bytes]) -> None:
        self._db.execute("begin immediate")
        self._db.executemany("insert into entry values (?, ?)", list(enumerate(bodies, self._size)))
        self._db.execute("commit")
        self._size += len(bodies)

    def close(self) -> None:
        self._db.close()


# -- a long log -------------------------------------------------------------------------------------------------


@contextmanager
def filled(path: Path, count: int, bodies: bool) -> Iterator[Log]:
    """A log of `count` entries made by a bulk path: synced once at its end; without bodies where only proofs count."""
    store = SqliteLeaves(path)
    log = Log(store, SIGNER.name)
    made = [body_of(e) for e in entries(COMMIT, 0)]
    kinds = [(e.kind, str(e.fields["clause"])) for e in entries(COMMIT, 0)]
    with store._reading() as db:
        db.execute("pragma synchronous = off")
    sha = hashlib.sha256
    for start in range(0, count, 50_000):
        salts = os.urandom(16 * 50_000)
        rows = []
        for n in range(min(50_000, count - start)):
            salt, body = salts[n * 16 : n * 16 + 16], made[n % COMMIT]
            leaf = sha(b"\0" + salt + body).digest() if bodies else sha(salt).digest()
            rows.append((*kinds[n % COMMIT], body if bodies else None, salt if bodies else None, leaf))
        store.append(rows)  # type: ignore[arg-type]
    with store._reading() as db:
        db.execute("pragma synchronous = full")
        db.execute("pragma wal_checkpoint(truncate)").fetchone()
    yield log
    store.close()


def proof(log: Log, name: str, samples: int) -> Case:
    """An inclusion proof of an entry anywhere, with the leaf read and the proof checked outside the clock."""
    size, node = log.size, log.store.node
    root = tree.root(size, node)
    chance, taken = random.Random(7), []
    for _ in range(samples):
        index = chance.randrange(size)
        begun = time.perf_counter()
        found = tree.inclusion_proof(index, size, node)
        taken.append((time.perf_counter() - begun) * 1000)
        (row,) = log.store.rows(index, index + 1)
        assert tree.root_from_inclusion(index, size, row.leaf, found) == root
    return Case(name, "ms", taken, target="≤ 1 ms at 10⁷")


def verify(log: Log, name: str, samples: int) -> Case:
    """Everything recomputed from the stored bytes, with a checkpoint to agree with."""
    log.checkpoint(SIGNER)
    taken = []
    for _ in range(samples):
        begun = time.perf_counter()
        verdict = log.verify(SIGNER.key)
        taken.append(time.perf_counter() - begun)
        assert verdict.sound, verdict.says
    return Case(name, "s", taken, target="≤ 15 s at 10⁶")
