"""The books: one database for people and consent, SQLite by default, PostgreSQL by its address, SQLAlchemy Core.

Ledgers that others follow by number are written by one writer at a time, which takes the next numbers while it holds
the books: the order of numbers is the order of commits, without a gap, so whoever has followed to a number has missed
nothing below it. Two that would not wait for each other collide on the number.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from sekisho.ground.errors import BadInput, StoreTrouble

METADATA = sa.MetaData()
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

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
    sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
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
    sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("person", sa.Text, nullable=False),
)
"""Whose standing may have changed, in order, written together with what changed it: stores follow this to its head."""

REQUEST = sa.Table(
    "decision_request",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("first", NUMBER, nullable=False),
    sa.Column("last", NUMBER, nullable=False),
)
"""What came in under an idempotency key (its digest), the digest of what it said, and which facts it became."""

CLIENT = sa.Table(
    "api_client",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False, unique=True),
    sa.Column("since", sa.Text, nullable=False),
)
"""Applications that may record decisions: a name and the SHA-256 of the key that was shown once."""

FOLLOWED = sa.Table(
    "followed",
    METADATA,
    sa.Column("store", sa.Text, primary_key=True),
    sa.Column("position", NUMBER, nullable=False),
)
"""How far each store had followed when it last said so; a door reads it to say which stores obey."""

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
    for statement in (
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'this ledger is append-only'; END $$",
        f"CREATE TRIGGER {table.name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()",
    ):
        event.listen(
            table,
            "after_create",
            sa.DDL(statement).execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]  # as above
        )


def _careful(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = wal", "synchronous = full", "foreign_keys = on", "busy_timeout = 30000"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def open_books(address: Path | str) -> Engine:
    """Open the books in a SQLite file or at a PostgreSQL address, making them when they are not there."""
    if isinstance(address, Path):
        address.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        address.touch(mode=0o600)
        engine = sa.create_engine(f"sqlite:///{address}", poolclass=sa.pool.NullPool)
        event.listen(engine, "connect", _careful)
    else:
        engine = sa.create_engine(_with_driver(address), pool_pre_ping=True, connect_args={"connect_timeout": 5})
    event.listen(engine, "handle_error", _trouble)
    try:
        _make(engine)
    except sa.exc.OperationalError as error:
        raise _away() from error
    return engine


def _make(engine: Engine) -> None:
    if not set(METADATA.tables) <= set(sa.inspect(engine).get_table_names()):
        with writing(engine) as db:
            METADATA.create_all(db)


def _with_driver(address: str) -> sa.URL:
    try:
        return sa.make_url(address).set(drivername="postgresql+psycopg")
    except (sa.exc.ArgumentError, ValueError) as error:
        raise BadInput(
            "the address of the books cannot be read",
            help="write it like postgresql://name@host:5432/database",
            place="sekisho.toml [books]",
        ) from error


def _trouble(context: sa.ExceptionContext) -> None:
    """Turn what a database says when it is away or locked into an error of ours."""
    if isinstance(context.sqlalchemy_exception, sa.exc.OperationalError):
        context.chained_exception = _away()


def _away() -> StoreTrouble:
    return StoreTrouble("the books do not answer", help="nothing was recorded; see that they can be opened")


LOCK = "select pg_advisory_xact_lock(1936024435, -2)"
"""Held from before the numbers are taken until they are committed; PostgreSQL lets go after others can see them."""


@contextmanager
def writing(engine: Engine) -> Iterator[sa.Connection]:
    """Begin as the only writer of the books and commit at the end; others wait at the beginning, not half-way."""
    with engine.begin() as db:
        if engine.dialect.name == "sqlite":
            db.exec_driver_sql("begin immediate")
        else:
            db.exec_driver_sql("set local lock_timeout = '30s'")
            db.exec_driver_sql(LOCK)
        yield db


def head(db: sa.Connection, ledger: sa.Table) -> int:
    """Return the last number of a ledger, 0 where it is empty."""
    return int(db.execute(sa.select(sa.func.coalesce(sa.func.max(ledger.c.seq), 0))).scalar_one())


def insert(db: sa.Connection, into: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert whole rows, in one statement where the database takes them so."""
    if not rows:
        return
    if db.dialect.name == "sqlite":
        names = list(rows[0])
        marks = ", ".join("?" for _ in names)
        listed = ", ".join(f'"{name}"' for name in names)
        query = f"insert into {into.name} ({listed}) values ({marks})"  # noqa: S608 - names of our own tables
        # the library would look at each value of each row again
        db.exec_driver_sql(query, [tuple(row[name] for name in names) for row in rows])
        return
    query = f"insert into {into.name} select * from json_populate_recordset(null::{into.name}, :rows)"  # noqa: S608 - a constant
    db.execute(sa.text(query), {"rows": msgspec.json.encode(rows).decode()})


def append(db: sa.Connection, ledger: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Append rows to a ledger under the next numbers, as the writer that holds the books; returns the first one."""
    first = head(db, ledger) + 1
    insert(db, ledger, [{"seq": first + n, **row} for n, row in enumerate(rows)])
    return first


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the books for one writer among processes, for deeds that read one ledger and write another."""
    with (folder / "books.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def among(db: sa.Connection, column: sa.ColumnElement[str], values: Sequence[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of some texts: one bound value, however many there are."""
    if db.dialect.name == "sqlite":
        listed = sa.func.json_each(msgspec.json.encode(list(values)).decode()).table_valued("value")
        return column.in_(sa.select(listed.c.value))
    return column == sa.any_(sa.cast(list(values), sa.ARRAY(sa.Text)))


PORTION = 500
"""Rows a statement: SQLite binds a bounded number of values."""


def portions(ids: Sequence[str] | None) -> Iterator[Sequence[str] | None]:
    """Yield a list in portions that one statement can bind; None, which means everybody, as it is."""
    if ids is None:
        yield None
        return
    for start in range(0, len(ids), PORTION):
        yield ids[start : start + PORTION]
