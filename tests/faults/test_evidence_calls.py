"""Every system call of appending fails once, or kills the process: what was acknowledged stays, and the log verifies.

Rows 2 and 5 of the fault table. The calls are counted first, then each is made to fail in a run of its own; an
ordinary run takes a sample of them, with SEKISHO_FULL=1 every one is tried.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.evidence import note as notes
from sekisho.evidence.log import Log

STRACE = shutil.which("strace")
FULL = os.environ.get("SEKISHO_FULL") == "1"
SAMPLE = 3
"""How many calls of each kind an ordinary run lets fail, of each way of failing."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(STRACE is None, reason="strace is not installed: system calls cannot be made to fail"),
]

KEY = notes.Signer("o", b"k" * 32)
PROGRAM = """
import json, sys
from datetime import UTC, datetime
from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.ground.errors import SekishoError

def entry(turn, n):
    fields = {"store": "s", "purpose": "p", "clause": "c", "actor": f"{turn:016x}{n:016x}", "code": "x"}
    return Entry("refusal", datetime(2026, 1, 1, tzinfo=UTC), fields)

def tell(**what):
    print(json.dumps(what), flush=True)

store = None
for turn in range(4):
    try:
        store = store or SqliteLeaves(sys.argv[1])
        log = Log(store, "o")
        entries = [entry(turn, n) for n in range(150)]
        tell(ack=list(zip(log.append(entries), [e.fields["actor"] for e in entries])))
        tell(signed=log.checkpoint(notes.Signer("o", b"k" * 32)))
        if turn == 1:
            store.close()
            store = None
    except SekishoError as error:
        tell(refused=type(error).__name__)
"""


def run(folder: Path, *inject: str) -> tuple[list[dict[str, object]], str]:
    """Run the program with faults on the ledger's files only; returns what it told and the trace."""
    folder.mkdir()
    names = [folder, *(folder / f"evidence.db{end}" for end in ("", "-wal", "-shm", "-journal"))]
    paths = [word for name in names for word in ("-P", str(name))]
    faults = [word for fault in inject for word in ("-e", f"inject={fault}")]
    command = [STRACE or "", "-f", "-o", str(folder / "trace"), *paths, *faults]
    python = [sys.executable, "-c", PROGRAM, str(folder / "evidence.db")]
    done = subprocess.run([*command, *python], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.endswith("}")]
    return told, (folder / "trace").read_text()


def check(folder: Path, told: list[dict[str, object]]) -> None:
    """The ledger, read by somebody else without faults, holds what was acknowledged, where it was acknowledged."""
    store = SqliteLeaves(folder / "evidence.db")
    log = Log(store, "o")
    signed = [str(t["signed"]) for t in told if "signed" in t]
    verdict = log.verify(KEY.key, signed)
    assert verdict.sound, (folder.name, verdict.says)
    recorded = {r.seq: r.entry.fields["actor"] for r in log.entries(0, log.size) if r.entry and r.kind == "refusal"}
    for acknowledged in (t["ack"] for t in told if "ack" in t):
        assert isinstance(acknowledged, list)
        for seq, actor in acknowledged:
            assert recorded[seq] == actor, folder.name
    assert len(set(recorded.values())) == log.count_by(kind="refusal"), "nothing is recorded twice"
    store.close()


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """How often each system call touches the ledger in a run without faults."""
    told, trace = run(tmp_path_factory.mktemp("calls") / "whole")
    assert sum("ack" in t for t in told) == 4
    assert sum("signed" in t for t in told) == 4
    return Counter(re.findall(r"^\d+ +(\w+)\(", trace, re.MULTILINE))


def points(calls: Counter[str], names: tuple[str, ...], sample: int) -> list[tuple[str, int]]:
    found = []
    for name in names:
        every = range(1, calls[name] + 1)
        found += [(name, n) for n in (every if FULL else random.sample(every, min(sample, len(every))))]
    return found


WRITES = ("pwrite64", "fdatasync", "fsync", "ftruncate", "openat", "link")
READS = ("pread64", "fcntl", "newfstatat", "mmap", "unlink", "close", "fchown", "mkdir")


@pytest.mark.parametrize(
    ("names", "fault", "sample"),
    [
        (WRITES, "error=EIO", SAMPLE),
        (READS, "error=EIO", 2),
        (("pwrite64", "ftruncate", "openat"), "error=ENOSPC", SAMPLE),
        (("pwrite64", "fdatasync", "ftruncate", "unlink"), "signal=SIGKILL", SAMPLE),
    ],
    ids=["writes-eio", "reads-eio", "writes-enospc", "killed"],
)
def test_each_call_may_fail_and_nothing_acknowledged_is_lost(
    calls: Counter[str], tmp_path: Path, names: tuple[str, ...], fault: str, sample: int
) -> None:
    assert all(calls[name] for name in ("pwrite64", "fdatasync", "pread64", "fcntl", "openat"))

    def one(point: tuple[str, int]) -> bool:
        folder = tmp_path / f"{point[0]}-{point[1]}"
        told, trace = run(folder, f"{point[0]}:{fault}:when={point[1]}")
        check(folder, told)
        shutil.rmtree(folder)
        return "(INJECTED)" in trace or "killed by SIGKILL" in trace

    with ThreadPoolExecutor(3) as pool:
        happened = list(pool.map(one, points(calls, names, sample)))
    assert sum(happened) > len(happened) / 2, "the faults must have happened"


def test_a_sync_that_fails_is_never_retried_into_success(calls: Counter[str], tmp_path: Path) -> None:
    """The append that met the error is refused, the journal is emptied before anything else is acknowledged."""
    every = range(1, calls["fdatasync"] + 1)
    for n in every if FULL else random.sample(every, 4):
        told, trace = run(tmp_path / str(n), f"fdatasync:error=EIO:when={n}")
        check(tmp_path / str(n), told)
        after = trace.split("(INJECTED)", 1)[1]
        kinds = [next(iter(t)) for t in told]
        if "refused" in kinds and kinds[-1] != "refused":
            again = after.find("openat(")
            assert again >= 0, "the handle is given up and the file opened anew"
            assert re.search(r"ftruncate\(\d+<?.*, 0\)|unlink\(.*-wal", after), "the journal is emptied"


def test_while_syncs_keep_failing_nothing_is_acknowledged(tmp_path: Path) -> None:
    told, _ = run(tmp_path / "some", "fdatasync:error=EIO:when=8+")
    check(tmp_path / "some", told)
    told, _ = run(tmp_path / "all", "fdatasync:error=EIO:when=1+")
    assert [t for t in told if "ack" in t] == []
    assert {t["refused"] for t in told} <= {"NotWitnessed", "StoreTrouble"}
