"""`sekisho staff`: who works at the desk, from the command line."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sekisho.app.demo import FILE, make_demo
from sekisho.app.desk import Desk
from staffroom import staff, told


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("staff") / "studio"
    make_demo(made, "sqlite", FILE, lambda text: None)
    return made


@pytest.fixture
def folder(studio: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(studio, tmp_path / "studio"))


def test_a_roll_from_its_first_officer_to_its_last(folder: Path) -> None:
    nobody = staff(folder, "list")
    assert (nobody.returncode, "nobody works here yet" in nobody.stderr) == (2, True)
    clerk = staff(folder, "add", "mika", "--role", "clerk")
    assert (clerk.returncode, "the first who works here is an officer" in clerk.stderr) == (2, True)
    assert not (folder / "books" / "desk.db").exists()

    made = told(folder, "add", "Anna", "--role", "officer")
    assert made["name"] == "anna"
    assert made["invitation"].startswith("http://localhost:8420/desk/invitation/")
    assert (folder / "books" / "desk.db").stat().st_mode & 0o777 == 0o600
    secret = made["invitation"].rsplit("/", 1)[1]
    for file in (folder / "books").rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file

    twice = staff(folder, "add", "ａｎｎａ", "--role", "clerk")
    assert (twice.returncode, "works here already" in twice.stderr) == (2, True)
    for words in (("remove", "anna"), ("role", "anna", "--role", "clerk")):
        kept = staff(folder, *words)
        assert (kept.returncode, "the last officer stays" in kept.stderr) == (3, True)

    told(folder, "add", "mika", "--role", "clerk")
    assert staff(folder, "role", "mika", "--role", "officer").returncode == 0
    assert staff(folder, "remove", "anna").returncode == 0
    renewed = told(folder, "recover", "mika")
    assert renewed["role"] == "officer"
    assert [(m["name"], m["role"]) for m in told(folder, "list")] == [("mika", "officer")]
    log = Desk(folder).log
    changes = [
        (r.entry.fields["change"], r.entry.fields["role"])
        for r in log.entries(0, log.size)
        if r.kind == "staff-changed" and r.entry is not None
    ]
    assert changes == [
        ("invited", "officer"),
        ("invited", "clerk"),
        ("role", "officer"),
        ("removed", "officer"),
        ("recovered", "officer"),
    ]
    for name in (b"anna", b"mika"):
        for file in (folder / "books").glob("evidence.db*"):
            assert name not in file.read_bytes()


def test_of_two_last_officers_who_are_removed_at_once_one_stays(folder: Path) -> None:
    for name in ("anna", "mika"):
        told(folder, "add", name, "--role", "officer")
    with ThreadPoolExecutor(2) as pool:
        codes = [done.returncode for done in pool.map(lambda name: staff(folder, "remove", name), ("anna", "mika"))]
    assert sorted(codes) == [0, 3]
    assert len(told(folder, "list")) == 1


def test_the_books_know_handles_and_no_names(folder: Path) -> None:
    told(folder, "add", "anna", "--role", "officer")
    db = sqlite3.connect(folder / "books" / "books.db")
    labels = [row[0] for row in db.execute("select label from actor where label like 'staff:%'")]
    db.close()
    assert [len(label) for label in labels] == [len("staff:") + 32]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "anna berg", "--role", "officer"), "not a name to sign in with"),
        (("add", "x" * 65, "--role", "officer"), "not a name to sign in with"),
        (("add", "ben", "--role", "king"), "`king` is not a role"),
    ],
)
def test_what_is_no_name_and_no_role_is_said(folder: Path, words: tuple[str, ...], says: str) -> None:
    done = staff(folder, *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "help:" in done.stderr
    assert not (folder / "books" / "desk.db").exists()
