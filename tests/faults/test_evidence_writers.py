"""Eight writers, some killed in the middle: no acknowledged entry is lost and the ledger stays whole (row 21)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.evidence.log import Log

pytestmark = pytest.mark.slow

WRITER = """
import sys
from datetime import UTC, datetime
from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
log = Log(SqliteLeaves(sys.argv[1]), "o")
who = int(sys.argv[2])
for n in range(100000):
    fields = {"store": "s", "purpose": "p", "clause": "c", "actor": f"{who:016x}{n:016x}", "code": "x"}
    log.append([Entry("refusal", datetime(2026, 1, 1, tzinfo=UTC), fields)])
    print(fields["actor"], flush=True)
"""


def test_no_acknowledged_entry_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    SqliteLeaves(path).close()
    outputs = [tmp_path / f"out{n}" for n in range(8)]
    writers = []
    for n, output in enumerate(outputs):
        with output.open("wb") as file:
            writers.append(subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(n)], stdout=file))
    time.sleep(3)
    for writer in random.sample(writers, 8):
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        time.sleep(0.02)
    acknowledged = {line for o in outputs for line in o.read_text().splitlines() if len(line) == 32}
    store = SqliteLeaves(path)
    log = Log(store, "o")
    recorded = [r.entry.fields["actor"] for r in log.entries(0, log.size) if r.kind == "refusal" and r.entry]
    assert acknowledged <= set(recorded)
    assert len(recorded) == len(set(recorded)) == log.count_by(kind="refusal")
    assert log.verify().sound
    assert len(acknowledged) > 20
    store.close()
