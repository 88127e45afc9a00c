"""The books: one database for people and consent, SQLite by default, through SQLAlchemy Core."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

METADATA = sa.MetaData()

PERSON = sa.Table(
    "person",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("handle", sa.Text, nullable=False, unique=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("age_band", sa.Text, nullable=False, server_default=""),
)

PLACE = sa.Table(
    "place",
    METADATA,
    sa.Column("store", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
)

ACTOR = sa.Table(
    "actor",
    METADATA,
    sa.Column("handle", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False, unique=True),
)

FACT = sa.Table(
    "consent_fact",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

REASON = sa.Table(
    "reason",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("nonce", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)

CHANGE = sa.Table(
    "change",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("person", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Whose standing may have changed, in order, written together with what changed it: stores follow this to its head."""

for table in (FACT, CHANGE):
    for verb in ("UPDATE", "DELETE"):
        event.listen(
            table,
            "after_create",
            sa.DDL(  # type: ignore[no-untyped-call]  # the library leaves it untyped
                f"CREATE TRIGGER {table.name}_no_{verb.lower()} BEFORE {verb} ON {table.name} "
                "BEGIN SELECT RAISE(ABORT, 'this ledger is append-only'); END"
            ).execute_if(dialect="sqlite"),
        )


def _careful(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "busy_timeout = 30000"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def open_books(path: Path) -> Engine:
    """Open the books in a SQLite file, making them when they are not there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
    event.listen(engine, "connect", _careful)
    METADATA.create_all(engine)
    return engine


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the books for one writer among processes, for deeds that read one ledger and write another."""
    with (folder / "books.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


PORTION = 500
"""Rows a statement: SQLite binds a bounded number of values."""


def portions(ids: Sequence[str] | None) -> Iterator[Sequence[str] | None]:
    """Yield a list in portions that one statement can bind; None, which means everybody, as it is."""
    if ids is None:
        yield None
        return
    for start in range(0, len(ids), PORTION):
        yield ids[start : start + PORTION]
