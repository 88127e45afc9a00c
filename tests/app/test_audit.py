"""The audit: what is new is verified at each step, everything within the hour, and what is wrong is named."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clocks import Clock
from sekisho.app.audit import WHOLE, Audit
from sekisho.app.wire import Workspace
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log

pytestmark = pytest.mark.unit


def drill(log: Log, at: datetime) -> None:
    log.append([Entry("drill-run", at, {"drill": "x", "outcome": "y"})])


@pytest.fixture
def log(studio: Path) -> Log:
    return Workspace(studio).log


def audit(studio: Path, clock: Clock) -> Audit:
    return Audit(Workspace(studio).signer.key, clock)


def harm(studio: Path, *statements: str) -> None:
    db = sqlite3.connect(studio / "books" / "evidence.db")
    with db:
        for (name,) in db.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {name}")
        for statement in statements:
            db.execute(statement)
    db.close()


def test_what_came_since_is_verified_without_reading_the_rest(studio: Path, log: Log) -> None:
    clock = Clock()
    found = audit(studio, clock)
    first = found.step(log)
    assert (first.sound, first.size, first.whole_at) == (True, log.size, clock.at)
    seen: list[int] = []
    rows = log.store.rows
    log.store.rows = lambda start, stop: (seen.append(start), rows(start, stop))[1]  # type: ignore[method-assign]
    drill(log, clock())
    log.checkpoint(Workspace(studio).signer)
    seen.clear()
    clock.at += timedelta(minutes=1)
    second = found.step(log)
    assert (second.sound, second.size, second.whole_at) == (True, log.size, first.whole_at)
    assert min(seen) == first.size


def test_a_flipped_new_entry_is_found_at_the_next_step(studio: Path, log: Log) -> None:
    clock = Clock()
    found = audit(studio, clock)
    found.step(log)
    drill(log, clock())
    harm(studio, "update entry set body = cast('x' as blob) where seq = (select max(seq) from entry)")
    made = found.step(log)
    assert made.sound is False
    assert f"entry {log.size - 1} is not what was recorded" in made.says


def test_a_flipped_old_entry_is_found_within_the_hour(studio: Path, log: Log) -> None:
    clock = Clock()
    found = audit(studio, clock)
    found.step(log)
    harm(studio, "update entry set body = cast('x' as blob) where seq = 3")
    clock.at += WHOLE
    made = found.step(log)
    assert made.sound is False
    assert "entry 3" in made.says


def test_entries_that_vanished_are_found_at_the_next_step(studio: Path, log: Log) -> None:
    clock = Clock()
    found = audit(studio, clock)
    found.step(log)
    harm(studio, "delete from entry where seq = (select max(seq) from entry)")
    assert found.step(Workspace(studio).log).sound is False


def test_a_checkpoint_of_another_key_is_found_at_the_next_step(studio: Path, log: Log) -> None:
    clock = Clock()
    found = audit(studio, clock)
    found.step(log)
    drill(log, clock())
    log.checkpoint(notes.Signer(log.origin, bytes(range(32))))
    made = found.step(log)
    assert made.sound is False
    assert "is not signed with this key" in made.says
