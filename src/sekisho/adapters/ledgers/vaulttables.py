"""The vault's database: sealed records and blind indexes, on SQLite and PostgreSQL; no key is ever in it.

A record has one row for each sensitivity class. `marks` holds the record's look-up values one after the other, so that
a person is erased without reading anything of theirs. Numbers of records and people are 16 random bytes, or, where the
caller gave an idempotency key, a keyed digest of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from sekisho.ground.errors import StoreTrouble

METADATA = sa.MetaData()

RECORD = sa.Table(
    "vault_record",
    METADATA,
    sa.Column("record", sa.LargeBinary, primary_key=True),
    sa.Column("class", sa.SmallInteger, primary_key=True, key="sealed_as", autoincrement=False),
    sa.Column("person", sa.LargeBinary, nullable=False, index=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("marks", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

LOOK_UP = sa.Table(
    "vault_look_up",
    METADATA,
    sa.Column("mark", sa.LargeBinary, primary_key=True),
    sa.Column("person", sa.LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)

LOCK = "select pg_advisory_xact_lock(1936024435, -3)"
"""Held from looking for an idempotency key until its record is committed."""
PORTION = 500


def open_vault(address: str) -> Engine:
    """Open the vault's database at a `sqlite:///` or PostgreSQL address, making its tables; raises StoreTrouble."""
    if address.startswith("sqlite:///"):
        path = Path(address.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
        event.listen(engine, "connect", _careful)
    else:
        engine = sa.create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(address, connect_timeout=5), pool_pre_ping=True
        )
    event.listen(engine, "handle_error", _trouble)
    try:
        METADATA.create_all(engine)
    except sa.exc.OperationalError as error:
        raise away() from error
    return engine


def _careful(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = wal", "synchronous = full", "secure_delete = on", "busy_timeout = 30000"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _trouble(context: sa.ExceptionContext) -> None:
    # a library's message would repeat what was bound to the statement
    if isinstance(context.sqlalchemy_exception, sa.exc.DBAPIError):
        context.chained_exception = away()


def away() -> StoreTrouble:
    """Return the error for a database that does not answer."""
    return StoreTrouble("the vault's database does not answer", help="nothing was changed; see that it can be opened")


@contextmanager
def writing(engine: Engine) -> Iterator[sa.Connection]:
    """Be the one writer who looks for what came in before and adds what did not; all or nothing."""
    with engine.begin() as db:
        db.exec_driver_sql("begin immediate" if engine.dialect.name == "sqlite" else LOCK)
        yield db


def add_look_ups(db: sa.Connection, rows: Sequence[dict[str, bytes]]) -> None:
    """Add look-up values; those that are there already stay."""
    if not rows:
        return
    made: Any = _insert(db)(LOOK_UP)
    db.execute(made.on_conflict_do_nothing(), rows)


def _insert(db: sa.Connection) -> Any:
    return sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert


def portions(of: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield a list in portions that one statement can bind."""
    for start in range(0, len(of), PORTION):
        yield of[start : start + PORTION]
