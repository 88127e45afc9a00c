"""Where messages, the do-not-contact list and what can be used once are kept: a SQLite file of their own."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

METADATA = sa.MetaData()

MESSAGE = sa.Table(
    "message",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("made", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Text, nullable=False, server_default=""),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", sa.Text, nullable=False, index=True),
    sa.Column("outcome", sa.Text, nullable=False, server_default=""),
    sa.Column("ended", sa.Text, nullable=False, server_default=""),
)
"""The queue. `sealed` holds address and secrets as long as the message waits, and is empty afterwards."""

STOP = sa.Table(
    "do_not_contact",
    METADATA,
    sa.Column("mark", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("how", sa.Text, nullable=False),
)
"""The do-not-contact list: the keyed mark of an address, a purpose, since when, and how it came here."""

ONCE = sa.Table(
    "once",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, index=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("case_ref", sa.Text, nullable=False, index=True),
    sa.Column("mark", sa.Text, nullable=False),
    sa.Column("made", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("used", sa.Text, nullable=False, server_default=""),
)

KEY = sa.Table("key_check", METADATA, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text))
"""A keyed value by which a wrong or new key is seen before a list of marks is read as if it were empty."""


def _careful(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = wal", "synchronous = full", "secure_delete = on", "busy_timeout = 30000"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def open_messages(path: Path) -> Engine:
    """Open the file, making it when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    engine = sa.create_engine(f"sqlite:///{path}", poolclass=sa.pool.NullPool)
    event.listen(engine, "connect", _careful)
    METADATA.create_all(engine)
    return engine
