"""The board: made in the background, made anew when something changed, never more often; the audit behind it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sekisho.app import board as boards
from sekisho.app.audit import WHOLE, Audit
from sekisho.app.board import FRESH, Lookout
from sekisho.app.demo import FILE, make_demo
from sekisho.app.wire import Workspace
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.ground.errors import BadInput

pytestmark = pytest.mark.unit


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board") / "studio"
    make_demo(folder, "sqlite", FILE, lambda text: None)
    return folder


@pytest.fixture
def studio(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "studio"))


def settle() -> None:
    """Wait for what a lookout does in the background."""
    for thread in threading.enumerate():
        if thread.name == "lookout":
            thread.join(30)


def drill(log: Log, at: datetime) -> None:
    log.append([Entry("drill-run", at, {"drill": "x", "outcome": "y"})])


def test_many_looks_make_one_board(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[int] = []
    real = boards.look
    monkeypatch.setattr(boards, "look", lambda *a: (times.append(1), real(*a))[1])
    lookout = Lookout(studio, Clock())
    first = lookout.board()
    assert all(lookout.board() is first for _ in range(20))
    assert len(times) == 1


def test_an_old_board_is_shown_while_a_new_one_is_made(studio: Path) -> None:
    clock = Clock()
    lookout = Lookout(studio, clock)
    first = lookout.board()
    drill(Workspace(studio).log, clock())
    clock.at += FRESH
    assert lookout.board() is first
    settle()
    second = lookout.board()
    assert (second.at, second.entries) == (clock.at, first.entries + 1)


def test_a_stale_board_is_waited_for_rather_than_shown(studio: Path) -> None:
    clock = Clock()
    lookout = Lookout(studio, clock)
    first = lookout.board()
    clock.at += timedelta(hours=3)
    assert lookout.board().at == clock.at > first.at


def test_a_board_that_cannot_be_made_anew_stays_with_its_own_time(
    studio: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def away(*given: object) -> boards.Board:
        raise BadInput("the ledger is away")

    clock = Clock()
    lookout = Lookout(studio, clock)
    first = lookout.board()
    monkeypatch.setattr(boards, "look", away)
    clock.at += timedelta(hours=3)
    assert lookout.board() is first
    assert "the ledger is away" in capfd.readouterr().err


def test_an_edit_shows_at_the_next_look(studio: Path) -> None:
    lookout = Lookout(studio, Clock())
    text = (studio / "policy.md").read_text(encoding="utf-8")
    assert lookout.board().policy.controller["email"] == "privacy@hoshizora.example"
    (studio / "policy.md").write_text(text.replace("privacy@", "desk@"), encoding="utf-8")
    assert lookout.board().policy.controller["email"] == "desk@hoshizora.example"


def test_a_folder_that_does_not_compile_is_read_once_until_it_changes(
    studio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookout = Lookout(studio, Clock())
    text = (studio / "policy.md").read_text(encoding="utf-8")
    (studio / "policy.md").write_text("no policy\n", encoding="utf-8")
    opened: list[int] = []
    real = boards.Workspace
    monkeypatch.setattr(boards, "Workspace", lambda *a: (opened.append(1), real(*a))[1])
    for _ in range(3):
        with pytest.raises(BadInput):
            lookout.board()
    assert len(opened) == 1
    (studio / "policy.md").write_text(text, encoding="utf-8")
    assert lookout.board().figures.promising > 0


def test_a_store_that_is_away_shows_and_breaks_no_page(studio: Path) -> None:
    os.rename(studio / "shop.db", studio / "away.db")
    (store,) = Lookout(studio, Clock()).board().stores
    assert not store.check.green
    assert not store.answers
    assert "has no file" in store.check.differences[0]


def test_what_the_board_counts_is_what_the_log_holds(studio: Path) -> None:
    board = Lookout(studio, Clock()).board()
    log = Workspace(studio).log
    assert board.entries == log.size
    assert dict(board.kinds) == {k: log.count_by(k) for k, _ in board.kinds}
    assert board.audited.sound is True
    assert board.cosigned is None
    assert board.digest == board.versions[0].digest


def test_many_threads_look_and_read_at_once(studio: Path) -> None:
    lookout = Lookout(studio)
    found: list[int] = []
    wrong: list[BaseException] = []

    def read() -> None:
        try:
            found.append(len(lookout.log().latest(10)) + lookout.board().entries)
        except BaseException as error:  # noqa: BLE001 - a thread hands its trouble to the test
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert len(set(found)) == 1


# -- the audit ----------------------------------------------------------------------------------------------------


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
