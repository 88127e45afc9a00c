"""Versions of our SQLite files: each says in its header whose it is and of which version, and is upgraded whole or not.

A version is a list of steps; what the newest one looks like is read from a file in memory that all steps made. Files
that were made before versions were written say 0.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from sekisho.adapters.ledgers import books, copies, evidence_schema, keytables, messages_schema, vaulttables
from sekisho.adapters.ledgers.keyfile import sync_folder
from sekisho.ground.errors import BadInput, StoreTrouble

SQLITE = sqlite.dialect()
Step = Callable[[sqlite3.Connection], None]
Shape = Mapping[str, frozenset[str]]
"""Table → its columns."""


class Standing(Enum):
    """How a file stands to this program."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    HALF = "half"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Ledger:
    """A kind of file: its name, the mark in its header, and the steps from each version to the next."""

    name: str
    mark: int
    steps: tuple[Step, ...]

    @property
    def version(self) -> int:
        """The version that this program reads and writes."""
        return len(self.steps)


def _made_by(metadata: sa.MetaData) -> Step:
    """Return a step that makes the tables of a library's description where they are not there."""

    def step(db: sqlite3.Connection) -> None:
        there = _shape(db)
        missing = [t for t in metadata.sorted_tables if t.name not in there]
        # only words are taken from the library: a connection of its own would end the transaction at its will
        words = sa.create_mock_engine("sqlite://", lambda sql, *given: db.execute(str(sql.compile(dialect=SQLITE))))
        metadata.create_all(words, tables=missing, checkfirst=False)

    return step


def _statements(*sql: str) -> Step:
    def step(db: sqlite3.Connection) -> None:
        for statement in sql:
            db.execute(statement)

    return step


BOOKS = Ledger("books", 0x53454B42, (_made_by(books.METADATA),))
MESSAGES = Ledger("messages", 0x53454B4D, (_made_by(messages_schema.METADATA),))
VAULT = Ledger("vault", 0x53454B56, (_made_by(vaulttables.METADATA),))
KEYS = Ledger("keys", 0x53454B4B, (_statements(*keytables.KEYS),))
REGISTER = Ledger("register", 0x53454B52, (_statements(*keytables.REGISTER),))
EVIDENCE = Ledger(
    "evidence",
    evidence_schema.APPLICATION,
    (_statements(*evidence_schema.SCHEMA),) * evidence_schema.VERSION,
)


@cache
def shape_of(ledger: Ledger) -> Shape:
    """Return what a file of the newest version looks like."""
    with closing(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)) as db:
        for step in ledger.steps:
            step(db)
        return _shape(db)


def _shape(db: sqlite3.Connection) -> Shape:
    names = [
        n for (n,) in db.execute("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
    ]
    return {n: frozenset(c for (c,) in db.execute("select name from pragma_table_info(?)", (n,))) for n in names}


def _holds(there: Shape, wanted: Shape) -> bool:
    return all(columns <= there.get(name, frozenset()) for name, columns in wanted.items())


def look(path: Path, ledger: Ledger) -> tuple[Standing, int]:
    """Return how a file stands and the version it says; it is only read."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
            (mark,) = db.execute("pragma application_id").fetchone()
            (version,) = db.execute("pragma user_version").fetchone()
            there = _shape(db)
    except sqlite3.Error:
        return Standing.FOREIGN, 0
    if mark not in (0, ledger.mark) or (mark == 0 and there and not there.keys() & shape_of(ledger).keys()):
        return Standing.FOREIGN, version
    if version > ledger.version:
        return Standing.NEWER, version
    if version < ledger.version:
        return Standing.OLDER, version
    return (Standing.CURRENT if _holds(there, shape_of(ledger)) else Standing.HALF), version


def refuse(path: Path, ledger: Ledger) -> None:
    """Raise BadInput where a file is of a newer version, half of one, or something else; an older one passes."""
    standing, version = look(path, ledger)
    if standing is Standing.NEWER:
        raise BadInput(
            f"`{path.name}` is of version {version}, and this program knows {ledger.version}",
            help="upgrade Sekisho on this machine; or restore a backup of the older version",
        )
    if standing is Standing.HALF:
        raise BadInput(
            f"`{path.name}` says version {version} and is not whole",
            help="put the copy beside it back, or restore a backup: `sekisho restore`",
        )
    if standing is Standing.FOREIGN:
        raise BadInput(f"`{path.name}` is not a file of the {ledger.name}", help="restore it: `sekisho restore`")


def upgrade(path: Path, ledger: Ledger) -> Path | None:
    """Bring a file to the newest version in one transaction; returns the copy beside it, None where it is current.

    Raises what `refuse` raises, and StoreTrouble where the file is used or did not become what it should: then it is as
    it was.
    """
    refuse(path, ledger)
    standing, version = look(path, ledger)
    if standing is Standing.CURRENT:
        return None
    copy = _copy(path, version)
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)) as db:
            db.execute("pragma synchronous = full")
            db.execute("begin exclusive")
            try:
                for step in ledger.steps[version:]:
                    step(db)
                _check(db, path, ledger)
                db.execute(f"pragma application_id = {ledger.mark}")
                db.execute(f"pragma user_version = {ledger.version}")
            except BaseException:
                db.execute("rollback")
                raise
            db.execute("commit")
    except sqlite3.Error as error:
        raise StoreTrouble(f"`{path.name}` cannot be upgraded now", help="end what uses it, then try again") from error
    return copy


def _check(db: sqlite3.Connection, path: Path, ledger: Ledger) -> None:
    if not _holds(_shape(db), shape_of(ledger)):
        raise StoreTrouble(
            f"`{path.name}` cannot be brought to version {ledger.version}: a column is missing",
            help="nothing was changed; restore a backup: `sekisho restore`",
        )


def _copy(path: Path, version: int) -> Path:
    copy = path.with_name(f"{path.name}.before-{version + 1}")
    making = path.with_name(f".{copy.name}.making")
    making.unlink(missing_ok=True)
    copies.copy_database(path, making)
    making.replace(copy)
    sync_folder(path.parent)
    return copy
