"""The vault's database: sealed records and blind indexes, on SQLite and PostgreSQL; no key is ever in it.

A record has one row for each sensitivity class; the first holds the look-up values of its identifiers, one a kind, so
that a person is found, and erased, without reading anything of theirs. Numbers of people and records are 16 random
bytes, that of a record a keyed digest where the caller gave an idempotency key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from sekisho.ground.errors import StoreTrouble
from sekisho.vault.blind import KINDS

METADATA = sa.MetaData()

RECORD = sa.Table(
    "vault_record",
    METADATA,
    sa.Column("record", sa.LargeBinary, primary_key=True),
    sa.Column("class", sa.SmallInteger, primary_key=True, key="sealed_as", autoincrement=False),
    sa.Column("person", sa.LargeBinary, nullable=False, index=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    *(sa.Column(kind, sa.LargeBinary) for kind in KINDS),
)

for kind in KINDS:
    column = RECORD.c[kind]
    there = column.is_not(None)
    sa.Index(f"vault_record_{kind}", column, postgresql_where=there, sqlite_where=there)

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
        if engine.dialect.name == "sqlite":
            db.exec_driver_sql("begin immediate")
        else:
            db.exec_driver_sql("set local lock_timeout = '30s'")
            db.exec_driver_sql(LOCK)
        yield db


def portions(of: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield a list in portions that one statement can bind."""
    for start in range(0, len(of), PORTION):
        yield of[start : start + PORTION]
