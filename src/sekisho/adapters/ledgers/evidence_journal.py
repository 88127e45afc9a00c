"""What a write that was cut off leaves behind: frames in SQLite's journal that belong to no whole commit.

SQLite recovers to the last whole commit and says nothing. What was acknowledged is never among what it leaves out,
unless the disk lost it; so it is told, and becomes an entry. Layout: "WAL File Format" of SQLite's documentation.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

HEADER, FRAME = 32, 24


def cut_off(db: sqlite3.Connection, path: Path) -> bool:
    """Say whether the journal holds more than SQLite reads of it; asks twice, the second time with writers held off."""
    journal = path.with_name(path.name + "-wal")
    if not _more(db, journal):
        return False
    db.execute("begin immediate")
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            return _more(other, journal)
    finally:
        db.execute("rollback")


def _more(db: sqlite3.Connection, journal: Path) -> bool:
    # opening the journal is safe; the file of locks beside it must never be opened and closed here
    try:
        if journal.stat().st_size in (0, HEADER):
            return False
        read = int(db.execute("pragma wal_checkpoint(passive)").fetchone()[1])
        return _written(journal) > max(read, 0)
    except FileNotFoundError:
        return False
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        # without room it cannot be told; the log can still be read, and the next to open it looks again
        return False


def _written(journal: Path) -> float:
    """Return the number of the last frame of the present run in the journal; a torn one at its end adds a half."""
    with journal.open("rb") as file:
        header = file.read(HEADER)
        if len(header) < HEADER:
            return 0.5
        page = int.from_bytes(header[8:12], "big")
        number, last = 0, 0
        while frame := file.read(FRAME + page):
            if len(frame) < FRAME + page:
                return last + 0.5
            number += 1
            # frames of an earlier run, which this one has not yet overwritten, have other salts
            if frame[8:16] == header[16:24]:
                last = number
        return last
