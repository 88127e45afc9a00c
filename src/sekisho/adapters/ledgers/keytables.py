"""The files of the key store and of the erasure register: what is in them, and how they are opened.

A row of a key keeps its place and its size from first to last. SQLite writes over such a row where it stands, so its
bytes are nowhere else in the file: no page was split, no copy stayed behind in a gap. With `secure_delete` and a
write-ahead log that is cut to nothing, what was overwritten is gone from these files.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.ground.errors import StoreTrouble

FIRST_WRAPPING = 1000
"""Numbers of wrapping keys begin here: two bytes from the first to the last, so that rotation keeps a row's size."""
NOBODY = FIRST_WRAPPING - 1
"""In place of a wrapping key: the key that stood in this row is destroyed."""

META = "create table if not exists meta (name text primary key, value blob not null) without rowid"
KEYS = (
    META,
    "create table if not exists wrapping_key (id integer primary key, created text not null, wrapped blob not null, "
    "destroyed text not null default '')",
    "create table if not exists data_key (slot integer primary key, person blob not null unique, "
    "wrapping integer not null, wrapped blob not null)",
)
REGISTER = (
    META,
    "create table if not exists mark (mark blob primary key, at text not null, pending integer not null) without rowid",
)
PRAGMAS = ("journal_mode = wal", "synchronous = full", "secure_delete = on", "busy_timeout = 30000")


def open_file(path: Path, tables: tuple[str, ...]) -> sqlite3.Connection:
    """Open a file of ours for its owner alone, making it where it is not there; raises StoreTrouble."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        path.touch(mode=0o600)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in PRAGMAS:
            db.execute(f"pragma {pragma}")
        with writing(db):
            for table in tables:
                db.execute(table)
    except (OSError, sqlite3.Error) as error:
        raise StoreTrouble(
            "the file of keys cannot be read or written",
            help="check its permissions and the disk; else `sekisho keys restore FILE`",
            place=path.name,
        ) from error
    return db


@contextmanager
def first(path: Path) -> Iterator[None]:
    """Be alone among processes while two files that belong together are opened or made."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, stat.S_IRUSR | stat.S_IWUSR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def writing(db: sqlite3.Connection) -> Iterator[None]:
    """Be the one writer of the file; all or nothing, durable on return. Raises StoreTrouble."""
    with _told(db):
        db.execute("begin immediate")
        yield
        db.execute("commit")


@contextmanager
def reading(db: sqlite3.Connection) -> Iterator[None]:
    """See the file as it is at one moment, over several statements. Raises StoreTrouble."""
    with _told(db):
        db.execute("begin")
        yield
        db.execute("commit")


@contextmanager
def _told(db: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        if db.in_transaction:
            db.execute("rollback")
        if isinstance(error, sqlite3.Error):
            raise StoreTrouble(
                "the file of keys could not be read or written, and nothing in it was changed",
                help="see whether its disk is full, or another program holds it",
            ) from error
        raise


def cut(db: sqlite3.Connection) -> bool:
    """Cut the write-ahead log to nothing; False where a reader holds on to it, or the disk does not let us."""
    try:
        busy, _, _ = db.execute("pragma wal_checkpoint(truncate)").fetchone()
    except sqlite3.OperationalError:
        return False
    return not busy
