"""The ledger among threads, processes and forks: everybody's entries are there once, and everybody reads whole ones."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.ground.errors import NotWitnessed

SIGNER = notes.Signer("o", b"k" * 32)
WRITERS, TURNS, EACH = 8, 12, 7


def entry(writer: int, turn: int, n: int) -> Entry:
    fields = {"store": "s", "purpose": "p", "clause": "c", "actor": f"{writer:08x}{turn:08x}{n:016x}", "code": "x"}
    return Entry("refusal", datetime(2026, 1, 1, tzinfo=UTC), fields)


def write(log: Log, writer: int) -> list[tuple[int, str]]:
    told = []
    for turn in range(TURNS):
        entries = [entry(writer, turn, n) for n in range(EACH)]
        told += list(zip(log.append(entries), [str(e.fields["actor"]) for e in entries], strict=True))
    return told


def check(log: Log, told: list[tuple[int, str]]) -> None:
    recorded = [(r.seq, r.entry.fields["actor"]) for r in log.entries(0, log.size) if r.entry]
    assert sorted(told) == recorded
    log.checkpoint(SIGNER)
    verdict = log.verify(SIGNER.key)
    assert verdict.sound, verdict.says


@pytest.mark.parametrize("shared", [True, False], ids=["one instance", "an instance each"])
def test_threads_append_and_read_at_once(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "evidence.db"
    store, wrong, over = SqliteLeaves(path), [], threading.Event()

    def read() -> None:
        log = Log(store, "o")
        while not over.is_set():
            size = log.size
            if size % EACH or not log.verify().sound or log.count_by(kind="refusal") < size:
                wrong.append(size)

    reader = threading.Thread(target=read)
    reader.start()
    stores = [store if shared else SqliteLeaves(path) for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        told = list(pool.map(lambda n: write(Log(stores[n], "o"), n), range(WRITERS)))
    over.set()
    reader.join()
    assert wrong == [], "half of an append is never seen"
    check(Log(store, "o"), [t for part in told for t in part])
    for one in {store, *stores}:
        one.close()


def test_checkpoints_of_threads_only_extend(tmp_path: Path) -> None:
    store = SqliteLeaves(tmp_path / "evidence.db")
    log = Log(store, "o")

    def grow_and_sign(writer: int) -> None:
        for turn in range(6):
            log.append([entry(writer, turn, n) for n in range(50)])
            log.checkpoint(SIGNER)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(grow_and_sign, range(4)))
    assert log.verify(SIGNER.key).sound
    sizes = [notes.Checkpoint.parse(t).size for t in store.trail()]
    assert sizes == sorted(sizes)
    assert sizes[-1] == 4 * 6 * 50
    store.close()


def _child(log: Log, writer: int, told: multiprocessing.SimpleQueue[list[tuple[int, str]]]) -> None:
    told.put(write(log, writer))


def test_a_forked_child_leaves_the_handle_of_its_parent_alone(tmp_path: Path) -> None:
    store = SqliteLeaves(tmp_path / "evidence.db")
    log = Log(store, "o")
    told = write(log, 0)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    children = [context.Process(target=_child, args=(log, n, queue)) for n in (1, 2)]
    for child in children:
        child.start()
    told += write(log, 3)
    told += queue.get() + queue.get()
    for child in children:
        child.join()
        assert child.exitcode == 0
    check(log, told)
    store.close()


def test_a_writer_that_waits_too_long_is_refused_and_can_go_on(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    store = SqliteLeaves(path)
    log = Log(store, "o")
    log.append([entry(0, 0, 0)])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    store._connection().execute("pragma busy_timeout = 50")
    with pytest.raises(NotWitnessed) as caught:
        log.append([entry(0, 0, 1)])
    assert "SQLITE_BUSY" in caught.value.help
    other.execute("rollback")
    other.close()
    assert log.append([entry(0, 0, 2)]) == range(1, 2)
    assert log.verify().sound
    store.close()


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_append_that_is_interrupted_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    store = SqliteLeaves(tmp_path / "evidence.db")
    log = Log(store, "o")
    log.append([entry(0, 0, 0)])

    def interrupted(*_: object) -> None:
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr("sekisho.adapters.ledgers.evidence.count_up", interrupted)
        with pytest.raises(stop):
            log.append([entry(0, 0, 1)])
    assert log.size == 1
    assert log.append([entry(0, 0, 2)]) == range(1, 2)
    assert log.verify().sound
    store.close()


def test_many_processes_may_make_the_ledger_at_once(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(6)
    children = [context.Process(target=_open_and_append, args=(path, n, gate)) for n in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [c.exitcode for c in children] == [0] * 6
    store = SqliteLeaves(path)
    assert Log(store, "o").verify().size == 6
    assert oct(path.stat().st_mode)[-3:] == "600"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    store.close()


def _open_and_append(path: Path, writer: int, gate: Callable[[], object]) -> None:
    gate.wait()  # type: ignore[attr-defined]
    store = SqliteLeaves(path)
    Log(store, "o").append([entry(writer, 0, 0)])
    store.close()
    assert os.getpid()
