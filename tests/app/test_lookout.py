"""The lookout: a board made in the background, made anew when something changed, never more often."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from clocks import Clock
from sekisho.app import lookout as lookouts
from sekisho.app.board import Board
from sekisho.app.lookout import FRESH, Lookout
from sekisho.app.wire import Workspace
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.ground.errors import BadInput, StoreTrouble

pytestmark = pytest.mark.unit


def settle() -> None:
    """Wait for what a lookout does in the background."""
    for thread in threading.enumerate():
        if thread.name == "lookout":
            thread.join(30)


def drill(log: Log, at: datetime) -> None:
    log.append([Entry("drill-run", at, {"drill": "x", "outcome": "y"})])


def test_many_looks_make_one_board(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[int] = []
    real = lookouts.look
    monkeypatch.setattr(lookouts, "look", lambda *a: (times.append(1), real(*a))[1])
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
    studio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*given: object) -> Board:
        raise BadInput("the ledger is away")

    clock, told = Clock(), list[tuple[str, object]]()
    lookout = Lookout(studio, clock)
    first = lookout.board()
    monkeypatch.setattr(lookouts, "look", away)
    monkeypatch.setattr(lookouts.journal, "write", lambda event, **fields: told.append((event, fields)))
    clock.at += timedelta(hours=3)
    assert lookout.board() is first
    assert told == [("board-stale", {"error": "BadInput"})]


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
    real = lookouts.Workspace
    monkeypatch.setattr(lookouts, "Workspace", lambda *a: (opened.append(1), real(*a))[1])
    for _ in range(3):
        with pytest.raises(BadInput):
            lookout.board()
    assert len(opened) == 1
    (studio / "policy.md").write_text(text, encoding="utf-8")
    assert lookout.board().figures.promising > 0


def test_what_was_put_right_without_an_edit_is_seen_soon(studio: Path) -> None:
    clock = Clock()
    lookout = Lookout(studio, clock)
    key = studio / "books" / "keys" / "log"
    key.chmod(0o644)
    with pytest.raises(BadInput, match="others may read"):
        lookout.board()
    key.chmod(0o600)
    with pytest.raises(BadInput):
        lookout.board()
    clock.at += lookouts.AGAIN
    assert lookout.board().figures.promising > 0


def test_a_file_that_cannot_be_read_is_said(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*given: object) -> lookouts.Workspace:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(lookouts, "Workspace", away)
    with pytest.raises(StoreTrouble, match="Permission denied"):
        Lookout(studio, Clock()).board()


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
