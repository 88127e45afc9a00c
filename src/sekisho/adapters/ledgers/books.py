"""The books: one database for people and consent, SQLite by default, through SQLAlchemy Core."""

from __future__ import annotations

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
)

for verb in ("UPDATE", "DELETE"):
    event.listen(
        FACT,
        "after_create",
        sa.DDL(  # type: ignore[no-untyped-call]  # the library leaves it untyped
            f"CREATE TRIGGER consent_fact_no_{verb.lower()} BEFORE {verb} ON consent_fact "
            "BEGIN SELECT RAISE(ABORT, 'consent facts are never changed'); END"
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
