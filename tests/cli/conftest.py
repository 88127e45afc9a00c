"""The command line as tests call it, and a small shop made with `sekisho init`, applied on SQLite."""

from __future__ import annotations

import io
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sekisho.app.wire import Workspace
from sekisho.cli.main import cli, main
from terminal import Done, Sekisho

SCHEMA = """
create table customers (id integer primary key, name text, address text, email text);
create table orders (id integer primary key, customer_id integer references customers (id), placed_at text,
  ship_to text);
create table products (id integer primary key, title text);
insert into customers values (1, 'Aoi Tanabe', 'Kitestreet 1', 'aoi@example.jp'),
  (2, 'Bruno Falk', 'Kitestreet 2', 'bruno@example.de'), (3, 'Clara Imai', null, 'clara@example.jp');
insert into orders values (1, 1, '2026-10-01', 'Kitestreet 1'), (2, 2, '2026-10-02', 'Kitestreet 2');
insert into products values (1, 'kite'), (2, 'lantern');
"""


@pytest.fixture
def sekisho(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Sekisho:
    """Run a command in this process, through the same door as a terminal does."""

    def run(*words: str | Path, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["sekisho", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        printed = capfd.readouterr()
        return Done(int(left.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `sekisho init` makes it, its store applied; tests work on copies."""
    folder = tmp_path_factory.mktemp("made") / "shop"
    cli.main(["init", str(folder)], standalone_mode=False)
    with closing(sqlite3.connect(folder / "shop.db")) as db:
        db.executescript(SCHEMA)
    (folder / "shop.db").chmod(0o600)
    Workspace(folder).apply("shop")
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    """A folder of its own for one test."""
    return Path(shutil.copytree(made, tmp_path / "shop"))


@pytest.fixture
def bare(shop: Path) -> Path:
    """The same folder before anything was applied."""
    shutil.rmtree(shop / "books")
    (shop / "shop.db").unlink()
    with closing(sqlite3.connect(shop / "shop.db")) as db:
        db.executescript(SCHEMA)
    (shop / "shop.db").chmod(0o600)
    return shop
