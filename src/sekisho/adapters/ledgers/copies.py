"""Copies of our SQLite files: taken while they are used, compared by digest, looked at before they are believed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sekisho.adapters.ledgers.keyfile import sync_folder
from sekisho.ground.errors import BadInput, StoreTrouble, Tampered

PAGES = 4096
"""Pages that are copied before other writers get a turn."""
BLOCK = 1 << 20
SIDE = ("-wal", "-shm", "-journal")


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite file as it is at one moment, by the engine's own way, into a single file; raises StoreTrouble."""
    try:
        target.touch(mode=0o600, exist_ok=False)
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as there,
            closing(sqlite3.connect(target)) as here,
        ):
            there.backup(here, pages=PAGES)
            here.execute("pragma journal_mode = delete")
        sync(target)
    except (sqlite3.Error, OSError) as error:
        raise StoreTrouble(
            f"`{source.name}` cannot be copied", help="check the disk, its room and the permissions; then begin again"
        ) from error


def copy_file(source: Path, target: Path) -> str:
    """Copy a plain file, durable, for its owner alone; returns the digest of what was written."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    state = hashlib.sha256()
    with (
        source.open("rb") as there,
        os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to,
    ):
        while block := there.read(BLOCK):
            state.update(block)
            to.write(block)
        to.flush()
        os.fsync(to.fileno())
    return state.hexdigest()


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Make a file's bytes durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_whole(path: Path) -> None:
    """Raise Tampered where a copy is no whole SQLite file; nothing is written beside it."""
    try:
        with _quietly(path) as db:
            said = db.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.Error:
        said = "no"
    if said != "ok":
        raise Tampered(f"`{path.name}` is not a whole file of the books", help="restore another backup")


@contextmanager
def _quietly(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy to look at it alone: nothing is written beside it."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        yield db


def read_ledger(copy: Path) -> tuple[int, str]:
    """Return how many entries a copy of the evidence ledger holds, and its newest checkpoint or nothing."""
    with _quietly(copy) as db:
        (size,) = db.execute("select coalesce(max(seq) + 1, 0) from entry").fetchone()
        newest = db.execute("select note from checkpoint order by size desc, rowid desc limit 1").fetchone()
    return int(size), str(newest[0]) if newest else ""


def read_books(copy: Path) -> dict[str, int]:
    """Return how many decisions and changes of standing a copy of the books has numbered."""
    with _quietly(copy) as db:
        return {
            name: int(db.execute(f"select coalesce(max(seq), 0) from {table}").fetchone()[0])  # noqa: S608 - constants
            for name, table in (("decisions", "consent_fact"), ("changes", "change"))
        }


@contextmanager
def whole_folder(into: Path, name: str) -> Iterator[Path]:
    """Yield a folder to fill, which gets its name only at the end: what dies half way leaves nothing of that name."""
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    final, making = into / name, into / f".{name}.making"
    if final.exists():
        raise BadInput(f"`{name}` is there already", help="wait a second, or name another folder")
    for left in into.glob(f".{name.partition('-')[0]}-*.making"):
        # what an earlier one left when it died is no copy, and holds what a copy holds
        shutil.rmtree(left, ignore_errors=True)
    making.mkdir(mode=0o700)
    yield making
    for folder in (making, *(p for p in making.rglob("*") if p.is_dir())):
        sync_folder(folder)
    making.rename(final)
    sync_folder(into)


def put(staged: Path, target: Path, aside: Path) -> None:
    """Move a file to its place; what is there, with what belongs to it, is moved aside and destroyed by nobody."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in (target, *(target.with_name(target.name + end) for end in SIDE)):
        # a log of writes that outlived its file would be played into the new one
        if old.exists():
            aside.mkdir(parents=True, exist_ok=True, mode=0o700)
            old.rename(aside / old.name)
    staged.replace(target)
    sync_folder(target.parent)
