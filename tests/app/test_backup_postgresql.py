"""Restores where stores or books are on PostgreSQL: closed, followed; settled when books were put back by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import ADMIN, fresh_database, listening
from sekisho.app import settings
from sekisho.app.backup import back_up
from sekisho.app.demo import FILE, STORE, make_demo
from sekisho.app.keeper import Keeper
from sekisho.app.operation import look
from sekisho.app.restore import restore
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.gate.decide import Ask
from sekisho.people.model import Place

pytestmark = [pytest.mark.postgresql, pytest.mark.skipif(not listening(), reason="no PostgreSQL is listening")]
CREATE = sa.create_engine
FIRST = Place(STORE, "customer", "1")


def unpooled(*given: Any, **more: Any) -> sa.Engine:
    """Make an engine as the library does, whatever pool it was asked for."""
    return CREATE(*given, **{**more, "poolclass": sa.pool.NullPool})


def quiet(text: str) -> None:
    """Say nothing."""


def address(conninfo: str) -> str:
    said = conninfo_to_dict(conninfo)
    return f"postgresql://{said['user']}@{said['host']}:{said['port']}/{said['dbname']}"


def seen(folder: Path, key: str) -> bool:
    workspace = Workspace(folder)
    passage = workspace.store(STORE).open(Ask("studio_support", "support", workspace.actor(), "ticket 4711", ""))
    try:
        return bool(passage.run(f"select id, name from customers where id = {int(key)}").rows)
    finally:
        passage.close()


def test_a_store_on_postgresql_is_closed_and_follows(tmp_path: Path) -> None:
    with fresh_database("sekisho_restore") as url:
        folder = tmp_path / "studio"
        make_demo(folder, "postgresql", address(url), quiet)
        made = back_up(settings.read(folder), tmp_path / "out")
        assert seen(folder, "1")
        Workspace(folder).decide(FIRST, "support", Decision.WITHDRAW)
        done, trouble = restore(settings.read(folder), [made[1].path], force=True)
        assert (trouble, done.closed, done.replayed) == ("", [STORE], 1)
        assert Workspace(folder).store(STORE).lease().open_until is None
        assert Keeper(folder, quiet).round() == {}
        assert look(Workspace(folder)).ready
        assert not seen(folder, "1")
        assert seen(folder, "2")
        Workspace(folder).remove(STORE)


@pytest.fixture
def two_databases() -> Iterator[tuple[str, str]]:
    """Yield a database for books, and the name of one that does not exist yet."""
    with fresh_database("sekisho_books") as url:
        later = f"{conninfo_to_dict(url)['dbname']}_older"
        yield url, later
        with psycopg.connect(ADMIN, autocommit=True) as admin:
            admin.execute(f'drop database if exists "{later}" with (force)'.encode())


def test_books_on_postgresql_that_were_put_back_by_hand_are_settled(
    tmp_path: Path, two_databases: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # every folder that is opened here has a pool of its own, which nobody would close
    monkeypatch.setattr(sa, "create_engine", unpooled)
    url, older = two_databases
    folder = tmp_path / "studio"
    make_demo(folder, "sqlite", FILE, quiet)
    Workspace(folder).remove(STORE)
    shutil.rmtree(folder / "books")
    toml = (folder / "sekisho.toml").read_text(encoding="utf-8")

    def books_at(where: str) -> None:
        text = toml.replace('path = "books"\n', f'path = "books"\nurl = {json.dumps(address(where))}\n')
        (folder / "sekisho.toml").write_text(text, encoding="utf-8")

    books_at(url)
    workspace = Workspace(folder)
    workspace.people.register(STORE, "customer", [str(n) for n in range(1, 20)])
    workspace.apply(STORE)
    workspace.decide(FIRST, "support", Decision.GIVE)
    made = back_up(settings.read(folder), tmp_path / "out")
    assert "pg_dump" in made[1].manifest.elsewhere
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        name = conninfo_to_dict(url)["dbname"]
        admin.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'".encode())
        admin.execute(f'create database "{older}" template "{name}"'.encode())
    Workspace(folder).decide(FIRST, "support", Decision.WITHDRAW)
    books_at(make_conninfo(url, dbname=older))
    assert not seen(folder, "1")
    done, trouble = restore(settings.read(folder), [])
    assert (trouble, done.replayed, done.closed) == ("", 1, [STORE])
    assert Keeper(folder, quiet).round() == {}
    assert not seen(folder, "1")
    assert seen(folder, "2")
