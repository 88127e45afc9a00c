"""Versions of our files: an older one becomes new, with a copy beside it; newer, half and foreign ones are refused."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from sekisho.adapters.ledgers import versions
from sekisho.adapters.ledgers.keystore import KeyStore
from sekisho.adapters.ledgers.versions import BOOKS, Ledger, Standing
from sekisho.app import heartbeat, settings, unfinished, upgrade
from sekisho.app.demo import FILE, make_demo
from sekisho.app.keeper import Keeper
from sekisho.app.sealed import where
from sekisho.app.wire import Workspace
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, StoreTrouble

pytestmark = pytest.mark.unit


def quiet(text: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("upgrade") / "studio"
    make_demo(folder, "sqlite", FILE, quiet)
    KeyStore.open(where(settings.read(folder))).close()
    return folder


@pytest.fixture
def studio(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "studio"))


def run(path: Path, *statements: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        return [tuple(row) for s in statements for row in db.execute(s).fetchall()]
    finally:
        db.close()


def old(path: Path) -> Path:
    """Make a file one of before versions were written."""
    run(path, "pragma user_version = 0", "pragma application_id = 0")
    return path


def test_files_of_before_versions_become_current_and_go_on(studio: Path) -> None:
    books, people = old(studio / "books" / "books.db"), Workspace(studio).people.ids("shop", "customer")
    assert versions.look(books, BOOKS) == (Standing.OLDER, 0)
    done = {f.path.name: f for f in upgrade.upgrade(settings.read(studio))}
    assert {"books.db", "evidence.db", "store.db", "erased.db"} <= done.keys()
    assert done["books.db"].copy == "books.db.before-1"
    assert versions.look(books, BOOKS) == (Standing.CURRENT, 1)
    assert not list((studio / "books" / "keys").glob("*.before-*")), "no copy of keys stays"
    assert versions.look(books.with_name("books.db.before-1"), BOOKS) == (Standing.OLDER, 0)
    assert Workspace(studio).people.ids("shop", "customer") == people
    assert Workspace(studio).log.verify().sound
    KeyStore.open(where(settings.read(studio))).close()
    assert Keeper(studio, quiet).round() == {}
    heartbeat.withdraw(studio / "books")
    assert [f.copy for f in upgrade.upgrade(settings.read(studio))] == [""] * len(done)


def test_a_table_that_came_later_is_made_with_its_guards(studio: Path) -> None:
    books = old(studio / "books" / "books.db")
    run(books, "drop table change")
    versions.upgrade(books, BOOKS)
    run(books, "insert into change values (1, 'somebody')")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        run(books, "delete from change")


def test_a_newer_file_is_refused_with_a_remedy_and_not_touched(studio: Path) -> None:
    books = studio / "books" / "books.db"
    run(books, f"pragma application_id = {BOOKS.mark}", "pragma user_version = 99")
    before = books.read_bytes()
    with pytest.raises(BadInput, match="version 99, and this program knows 1") as found:
        upgrade.upgrade(settings.read(studio))
    assert "upgrade Sekisho" in found.value.help
    assert books.read_bytes() == before
    assert not list((studio / "books").glob("*.before-*"))
    with pytest.raises(BadInput, match="version 99"):
        upgrade.refuse(settings.read(studio))


def test_half_a_version_is_refused(studio: Path) -> None:
    books = old(studio / "books" / "books.db")
    versions.upgrade(books, BOOKS)
    run(books, "drop table place")
    with pytest.raises(BadInput, match="not whole"):
        upgrade.upgrade(settings.read(studio))


def test_a_file_that_cannot_become_what_it_should_stays_as_it_was(studio: Path) -> None:
    books = old(studio / "books" / "books.db")
    run(books, "drop table reason", "create table reason (digest text primary key)", "drop table actor")
    with pytest.raises(StoreTrouble, match="a column is missing"):
        versions.upgrade(books, BOOKS)
    assert versions.look(books, BOOKS) == (Standing.OLDER, 0)
    assert run(books, "select name from sqlite_schema where name = 'actor'") == []


def test_a_step_that_dies_leaves_the_file_as_it_was_and_a_copy_that_is_whole(tmp_path: Path) -> None:
    def first(db: sqlite3.Connection) -> None:
        db.execute("create table if not exists thing (name text)")

    def dying(db: sqlite3.Connection) -> None:
        db.execute("alter table thing add column since text")
        if db.execute("select count(*) from thing").fetchone()[0]:
            raise KeyboardInterrupt

    path, ledger = tmp_path / "things.db", Ledger("things", 7, (first, dying))
    run(path, "create table thing (name text)", "insert into thing values ('kite')", "pragma user_version = 1")
    with pytest.raises(KeyboardInterrupt):
        versions.upgrade(path, ledger)
    assert versions.look(path, ledger) == (Standing.OLDER, 1)
    assert run(path, "select * from thing") == run(tmp_path / "things.db.before-2", "select * from thing")
    run(path, "delete from thing")
    assert versions.upgrade(path, ledger) == tmp_path / "things.db.before-2"
    assert versions.look(path, ledger) == (Standing.CURRENT, 2)


def test_a_file_that_somebody_uses_is_left_alone(studio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books = old(studio / "books" / "books.db")
    real = sqlite3.connect
    db = real(books, isolation_level=None)
    db.execute("begin immediate")
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: real(*given, **{**more, "timeout": 0.05}))
    with pytest.raises(StoreTrouble, match="cannot be upgraded now"):
        versions.upgrade(books, BOOKS)
    db.execute("rollback")
    db.close()
    assert versions.upgrade(books, BOOKS) is not None


@pytest.mark.parametrize("content", [b"nothing of the kind" * 100, b""])
def test_another_file_is_not_taken_for_one_of_ours(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "books.db"
    path.write_bytes(content)
    if content:
        with pytest.raises(BadInput, match="not a file of the books"):
            versions.refuse(path, BOOKS)
    run(path := tmp_path / "other.db", "create table invoices (id integer)")
    with pytest.raises(BadInput, match="not a file of the books"):
        versions.refuse(path, BOOKS)


def test_nothing_is_upgraded_under_a_service_or_over_half_a_restore(studio: Path) -> None:
    said = settings.read(studio)
    heartbeat.give(said.books, stamp.now(), [])
    with pytest.raises(StoreTrouble, match="a service keeps"):
        upgrade.upgrade(said)
    heartbeat.withdraw(said.books)
    unfinished.begin(said.books, unfinished.HALF)
    with pytest.raises(StoreTrouble, match="cut short"):
        upgrade.upgrade(said)
