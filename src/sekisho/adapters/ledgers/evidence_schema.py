"""The tables of the evidence ledger, and how its file is opened, made, or refused."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from sekisho.adapters.ledgers.keyfile import place
from sekisho.ground.errors import BadInput, StoreTrouble

APPLICATION = 0x53454B49
"""`SEKI` in the file's header, so that another file is not taken for a ledger."""
VERSION = 2

SCHEMA = (
    "create table if not exists entry (seq integer primary key, kind text not null, clause text not null, "
    "body blob, salt blob, leaf blob not null)",
    "create table if not exists tile (level integer not null, idx integer not null, hashes blob not null, "
    "root blob not null, primary key (level, idx)) without rowid",
    "create table if not exists tally (kind text not null, clause text not null, n integer not null, "
    "primary key (kind, clause)) without rowid",
    "create table if not exists seen (kind text not null, clause text not null, block integer not null, "
    "primary key (kind, clause, block)) without rowid",
    "create table if not exists checkpoint (size integer not null, note text not null)",
    "create table if not exists cosigned (size integer not null, note text not null, cosigner text not null)",
    "create index if not exists checkpoint_by_size on checkpoint (size)",
    "create index if not exists cosigned_by_size on cosigned (size)",
    # a body may be dropped: then it and its salt become null together, and nothing else changes
    "create trigger if not exists entry_holds before update on entry "
    "when new.seq <> old.seq or new.kind <> old.kind or new.clause <> old.clause or new.leaf <> old.leaf "
    "or new.body is not null or new.salt is not null "
    "begin select raise(abort, 'entries are never changed; only a body may be dropped'); end",
    "create trigger if not exists entry_stays before delete on entry "
    "begin select raise(abort, 'entries are never deleted'); end",
    *(
        f"create trigger if not exists {table}_{name} before {verb} on {table} "
        f"begin select raise(abort, '{table}s are never {done}'); end"
        for table in ("tile", "checkpoint")
        for name, verb, done in (("stays", "delete", "deleted"), ("holds", "update", "changed"))
    ),
    "create trigger if not exists cosigned_stays before delete on cosigned "
    "begin select raise(abort, 'cosigned checkpoints are never deleted'); end",
    "create trigger if not exists cosigned_holds before update on cosigned "
    "begin select raise(abort, 'cosigned checkpoints are never changed'); end",
    "create trigger if not exists tally_grows before update on tally when new.n < old.n "
    "begin select raise(abort, 'counts only grow'); end",
    "create trigger if not exists tally_stays before delete on tally "
    "begin select raise(abort, 'counts only grow'); end",
    "insert or ignore into seen select distinct kind, clause, seq >> 8 from entry",
    f"pragma application_id = {APPLICATION}",
    f"pragma user_version = {VERSION}",
)


def open_ledger(path: Path) -> sqlite3.Connection:
    """Open or make a ledger; raises BadInput where the file is something else, StoreTrouble where it is away.

    sqlite3.Error is left to the caller once the file is known to be a ledger.
    """
    try:
        if not path.exists():
            place(path, b"")
        db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise StoreTrouble(
            "the evidence ledger cannot be opened", help="check the disk and the folder's permissions", place=path.name
        ) from error
    try:
        _prepare(db, path.name)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, name: str) -> None:
    db.execute("pragma cell_size_check = on")
    # so that `insert or replace` meets the triggers too
    db.execute("pragma recursive_triggers = on")
    version = _ours(db, name)
    _journal(db, name)
    db.execute("pragma synchronous = full")
    if version < VERSION:
        db.execute("begin immediate")
        for statement in SCHEMA:
            db.execute(statement)
        db.execute("commit")


def _ours(db: sqlite3.Connection, name: str) -> int:
    """Return the version of a ledger, 0 for an empty file; raises BadInput for anything else."""
    try:
        # one look: another process may be making the ledger just now
        db.execute("begin")
        application = db.execute("pragma application_id").fetchone()[0]
        version = int(db.execute("pragma user_version").fetchone()[0])
        foreign = application == 0 and db.execute("select count(*) from sqlite_master").fetchone()[0]
        db.execute("commit")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        application, version, foreign = -1, 0, True
    if foreign or application not in (0, APPLICATION):
        raise BadInput(
            "the evidence file is not an evidence ledger", help="name another file, or restore it", place=name
        )
    if version > VERSION:
        raise BadInput("the evidence ledger is of a newer version", help="upgrade Sekisho on this machine", place=name)
    return version


def _journal(db: sqlite3.Connection, name: str) -> None:
    """Switch to a write-ahead journal; while another process does the same, SQLite says busy without waiting."""
    for _ in range(100):
        try:
            mode = db.execute("pragma journal_mode = wal").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        else:
            if mode == "wal":
                return
            break
        time.sleep(0.05)
    raise StoreTrouble(
        "the evidence ledger cannot keep a write-ahead journal", help="put it on a local disk", place=name
    )
