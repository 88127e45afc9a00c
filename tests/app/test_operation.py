"""How the running service stands: ready only while everything is, and every reason is seen and goes away again."""

from __future__ import annotations

import json
import logging
import os
import shutil
import socket
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from sekisho.app import heartbeat, journal
from sekisho.app.demo import FILE, STORE, make_demo
from sekisho.app.keeper import Keeper
from sekisho.app.lookout import Lookout
from sekisho.app.operation import REASONS, Reason, State, Watch, look
from sekisho.app.wire import Workspace
from sekisho.ground import stamp

pytestmark = pytest.mark.unit


def quiet(text: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operation") / "studio"
    make_demo(folder, "sqlite", FILE, quiet)
    return folder


@pytest.fixture
def studio(made: Path, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(made, tmp_path / "studio"))
    Keeper(folder, quiet).round()
    return folder


def codes(folder: Path) -> list[str]:
    return [r.code for r in look(Workspace(folder)).reasons]


def test_a_kept_folder_is_ready(studio: Path) -> None:
    state = look(Workspace(studio))
    assert state.ready
    (store,) = state.stores
    assert store.lease is not None
    assert store.lease.position == state.head
    assert state.unwitnessed == 0


def test_a_store_that_is_away_is_named(studio: Path) -> None:
    (studio / "shop.db").rename(studio / "away.db")
    assert look(Workspace(studio)).reasons == (Reason("store-away", STORE),)
    (studio / "away.db").rename(studio / "shop.db")
    assert codes(studio) == []


def test_a_store_whose_gate_was_taken_away_is_away(studio: Path) -> None:
    Workspace(studio).remove(STORE)
    assert codes(studio) == ["store-away"]


def test_a_lease_that_is_over_is_seen(studio: Path) -> None:
    Workspace(studio).close(STORE)
    assert codes(studio) == ["lease-lapsed"]
    later = Workspace(studio, lambda: stamp.now() + timedelta(minutes=4))
    assert {r.code for r in look(later).reasons} == {"lease-lapsed", "keeper"}
    Keeper(studio, quiet).round()
    assert codes(studio) == []


def test_a_log_that_takes_no_entry_is_seen_and_nothing_is_left_in_it(studio: Path) -> None:
    ledger, size = studio / "books" / "evidence.db", Workspace(studio).log.size
    assert codes(studio) == []
    assert Workspace(studio).log.size == size
    assert Workspace(studio).log.verify().sound
    db = sqlite3.connect(ledger)
    db.execute("create trigger full before insert on entry begin select raise(abort, 'full'); end")
    db.close()
    assert codes(studio) == ["evidence"]


def test_a_ledger_that_another_holds_is_seen(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sekisho.adapters.ledgers.evidence_probe.WAIT", 0.05)
    db = sqlite3.connect(studio / "books" / "evidence.db", isolation_level=None)
    db.execute("begin immediate")
    assert codes(studio) == ["evidence"]
    db.execute("rollback")
    db.close()
    assert codes(studio) == []


def test_a_keeper_that_is_silent_is_seen(studio: Path) -> None:
    books = studio / "books"
    heartbeat.give(books, stamp.now() - timedelta(minutes=3), [])
    assert codes(studio) == ["keeper"]
    heartbeat.withdraw(books)
    assert codes(studio) == ["keeper"]
    (books / heartbeat.FILE).write_text("{", encoding="utf-8")
    assert codes(studio) == ["keeper"]


def test_what_the_keeper_could_not_witness_is_seen(studio: Path) -> None:
    heartbeat.give(studio / "books", stamp.now(), ["checkpoint"])
    assert codes(studio) == ["evidence"]


def test_a_policy_that_does_not_compile_is_the_one_reason(studio: Path) -> None:
    watch = Watch(Lookout(studio))
    assert watch.state().ready
    text = (studio / "policy.md").read_text(encoding="utf-8")
    (studio / "policy.md").write_text(text.replace("because: contract", "because: whim", 1), encoding="utf-8")
    assert watch.state().ready, "one look serves for some seconds"
    assert Watch(Lookout(studio)).state().reasons == (Reason("policy"),)


def test_the_keepers_word_tells_its_process_and_its_end(studio: Path) -> None:
    books = studio / "books"
    word = heartbeat.hear(books)
    assert word is not None
    assert (word.process, word.troubles) == (os.getpid(), [])
    assert heartbeat.at_work(books, stamp.now())
    Keeper(studio, quiet).leave()
    assert not heartbeat.at_work(books, stamp.now())


def test_a_word_of_a_process_that_died_is_not_taken_for_a_service(
    studio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(pid: int, signal: int) -> None:
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", gone)
    assert not heartbeat.at_work(studio / "books", stamp.now())
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    assert heartbeat.at_work(studio / "books", stamp.now()), "its process is not here to be looked for"


def test_who_asks_while_another_looks_is_not_held_up(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, looking, go_on = [stamp.now()], threading.Event(), threading.Event()
    watch = Watch(Lookout(studio), lambda: now[0])
    first = watch.state()

    def slow(workspace: Workspace) -> State:
        looking.set()
        assert go_on.wait(20)
        return look(workspace)

    monkeypatch.setattr("sekisho.app.operation.look", slow)
    now[0] += timedelta(seconds=6)
    thread = threading.Thread(target=watch.state)
    thread.start()
    assert looking.wait(20)
    assert watch.state() is first
    go_on.set()
    thread.join(20)
    assert watch.state() is not first


def test_every_reason_has_its_sentence() -> None:
    assert all(says == says.strip() and not says.endswith(".") for says in REASONS.values())


# -- the journal ----------------------------------------------------------------------------------------------------


def line(form: str, record: logging.LogRecord) -> str:
    return journal.Lines(form).format(record)


def told(event: str, **fields: object) -> logging.LogRecord:
    found: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = found.append  # type: ignore[method-assign]  # the shortest way to listen
    logger = logging.getLogger(journal.NAME)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        journal.write(event, **fields)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    (record,) = found
    return record


def test_an_event_is_one_line_for_machines_and_for_people() -> None:
    record = told("request", route="policy", method="GET", status=200, ms=3)
    said = json.loads(line("json", record))
    assert said.pop("time").endswith("Z")
    assert said == {"level": "info", "event": "request", "route": "policy", "method": "GET", "status": 200, "ms": 3}
    assert line("text", record).endswith("info request route=policy method=GET status=200 ms=3")


@pytest.mark.parametrize(
    "value", ["Hana Sato", "hana@studio.example", "a\nb", "花子", "", "x" * 65, None, 3.5, b"x", ["x"], True]
)
def test_what_is_no_code_is_never_written(value: object) -> None:
    record = told("keeper-trouble", where=value)
    assert json.loads(line("json", record))["where"] == "?"


@pytest.mark.parametrize(("event", "fields"), [("greeting", {}), ("stopped", {"name": "x"}), ("fault", {})])
def test_an_event_outside_the_list_is_refused(event: str, fields: dict[str, object]) -> None:
    with pytest.raises(KeyError):
        journal.write(event, **fields)


@pytest.mark.parametrize("form", journal.FORMS)
def test_what_a_library_says_is_told_by_its_kind_and_place_alone(form: str) -> None:
    try:
        int("hana@studio.example")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("django.request", logging.ERROR, "x.py", 1, "failed: /me?mail=%s", ("hana",), info)
    said = line(form, record)
    assert "ValueError" in said
    assert "test_operation.py:" in said
    assert "hana" not in said
    assert "/me" not in said
    plain = logging.LogRecord("django.request", logging.ERROR, "x.py", 1, "failed: /me?mail=%s", ("hana",), None)
    assert "hana" not in line(form, plain)
    assert "library" in line(form, plain)
