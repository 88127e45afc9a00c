"""Whether the evidence ledger would take an entry now, asked without leaving one."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

ROOM = 64 * 1024
"""Bytes that must fit beside the ledger: more than a commit of many entries needs."""
WAIT = 5.0
"""Seconds that another writer may hold the ledger; a commit takes milliseconds."""


def takes_entries(path: Path) -> bool:
    """Say whether an entry could be appended: the file can be written, nobody holds it, and the disk has room.

    An insert is tried and taken back, so no entry stays; SQLite writes its journal only at the commit, so that there
    is room is tried with a file that has no name.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=WAIT)) as db:
            db.isolation_level = None
            db.execute("begin immediate")
            db.execute("insert into entry (kind, clause, leaf) values ('', '', x'')")
            db.execute("rollback")
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(ROOM))
            file.flush()
    except (sqlite3.Error, OSError):
        return False
    return True
