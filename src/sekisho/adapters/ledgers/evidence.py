"""The evidence ledger on SQLite: rows, packed tiles of hashes, counts and checkpoints in one file.

The standard driver is used directly, not SQLAlchemy: appending a thousand entries must cost little more than the
bytes. Writes take the database's write lock first, so several processes may append; synchronous=FULL makes a commit
durable. Triggers refuse every change but the dropping of a body.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from sekisho.evidence import tree
from sekisho.evidence.log import Row
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, NotWitnessed, Tampered

TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT
HASH = 32
APPLICATION = 0x53454B49
"""`SEKI` in the file's header, so that another file is not taken for a ledger."""

SCHEMA = """
create table if not exists entry (
  seq integer primary key, kind text not null, clause text not null, body blob, salt blob, leaf blob not null);
create table if not exists tile (
  level integer not null, idx integer not null, hashes blob not null, root blob not null, primary key (level, idx))
  without rowid;
create table if not exists tally (
  kind text not null, clause text not null, n integer not null, primary key (kind, clause)) without rowid;
create table if not exists checkpoint (size integer not null, note text not null);
create trigger if not exists entry_stays before delete on entry
  begin select raise(abort, 'entries are never deleted'); end;
create trigger if not exists entry_holds before update on entry
  when new.seq <> old.seq or new.kind <> old.kind or new.clause <> old.clause or new.leaf <> old.leaf
    or new.body is not null or new.salt is not null
  begin select raise(abort, 'entries are never changed; only a body may be dropped'); end;
create trigger if not exists tile_stays before delete on tile begin select raise(abort, 'tiles are never deleted'); end;
create trigger if not exists tile_holds before update on tile begin select raise(abort, 'tiles are never changed'); end;
"""

Prepared = tuple[str, str, bytes, bytes, bytes]
"""kind, clause, body, salt, leaf hash."""


class SqliteLeaves:
    """A leaf store in one SQLite file; one instance a thread."""

    def __init__(self, path: str | Path) -> None:
        """Open or make the ledger; raises BadInput where the file is something else."""
        self.path = Path(path)
        self._db: sqlite3.Connection | None = None
        self._edge = tree.Range()
        self._connection()

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh = not self.path.exists()
            db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(db, fresh)
            except sqlite3.DatabaseError as error:
                db.close()
                raise BadInput(
                    "the evidence file is not an evidence ledger",
                    help="name another file, or restore it",
                    place=self.path.name,
                ) from error
            self._db = db
            self._edge = tree.Range.read(self._size(db), self.node)
        return self._db

    def _prepare(self, db: sqlite3.Connection, fresh: bool) -> None:
        if fresh:
            os.chmod(self.path, stat.S_IRUSR | stat.S_IWUSR)
            db.execute(f"pragma application_id = {APPLICATION}")
        elif db.execute("pragma application_id").fetchone()[0] not in (APPLICATION, 0):
            raise sqlite3.DatabaseError("another application's file")
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        db.executescript(SCHEMA)

    @staticmethod
    def _size(db: sqlite3.Connection) -> int:
        last = db.execute("select max(seq) from entry").fetchone()[0]
        return 0 if last is None else int(last) + 1

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def append(self, prepared: Sequence[Prepared]) -> range:
        """Store rows durably, all or none; a file that fails is closed and read anew before it is used again."""
        try:
            db = self._connection()
            db.execute("begin immediate")
            size = self._size(db)
            if size != self._edge.size:
                self._edge = tree.Range.read(size, self.node)
            edge = tree.Range(size, self._edge.edge)
            db.executemany(
                "insert into entry values (?, ?, ?, ?, ?, ?)",
                [(size + i, *row) for i, row in enumerate(prepared)],
            )
            for row in prepared:
                edge.append(row[4])
            self._tiles(db, size, edge.size)
            self._tally(db, prepared)
            db.execute("commit")
        except (sqlite3.Error, OSError) as error:
            # after a failed write nothing about the handle can be trusted: give it up, look again at the next use
            self._abandon()
            raise NotWitnessed(help="the evidence log could not be written; nothing was given") from error
        self._edge = edge
        return range(size, edge.size)

    def _abandon(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            try:
                db.close()
            except sqlite3.Error:
                return

    def _tiles(self, db: sqlite3.Connection, old: int, new: int) -> None:
        """Pack the tiles that became complete, level by level."""
        level = 0
        while (old >> TILE_HEIGHT) != (new >> TILE_HEIGHT):
            rows = []
            for index in range(old >> TILE_HEIGHT, new >> TILE_HEIGHT):
                hashes = self._loose(db, level, index << TILE_HEIGHT, TILE)
                rows.append((level, index, b"".join(hashes), tree.perfect(hashes)))
            db.executemany("insert into tile values (?, ?, ?, ?)", rows)
            old, new, level = old >> TILE_HEIGHT, new >> TILE_HEIGHT, level + 1

    @staticmethod
    def _loose(db: sqlite3.Connection, level: int, start: int, count: int) -> list[bytes]:
        """Return hashes of a level that are not packed in a tile of that level."""
        if level == 0:
            found = db.execute("select leaf from entry where seq >= ? and seq < ? order by seq", (start, start + count))
        else:
            found = db.execute(
                "select root from tile where level = ? and idx >= ? and idx < ? order by idx",
                (level - 1, start, start + count),
            )
        return [r[0] for r in found]

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of a complete subtree from the tile that holds it."""
        db = self._connection() if self._db is None else self._db
        level, inside = divmod(height, TILE_HEIGHT)
        start, count = index << inside, 1 << inside
        packed = db.execute(
            "select hashes from tile where level = ? and idx = ?", (level, start >> TILE_HEIGHT)
        ).fetchone()
        if packed is not None:
            at = (start % TILE) * HASH
            blob = packed[0]
            hashes = [blob[i : i + HASH] for i in range(at, at + count * HASH, HASH)]
        else:
            hashes = self._loose(db, level, start, count)
        if len(hashes) != count:
            raise Tampered(
                f"the hashes of entries from {start} are missing", help="verify the ledger; restore it from a backup"
            )
        return tree.perfect(hashes)

    @staticmethod
    def _tally(db: sqlite3.Connection, prepared: Sequence[Prepared]) -> None:
        counts: dict[tuple[str, str], int] = {}
        for row in prepared:
            counts[row[0], row[1]] = counts.get((row[0], row[1]), 0) + 1
        db.executemany(
            "insert into tally values (?, ?, ?) on conflict (kind, clause) do update set n = n + excluded.n",
            [(kind, clause, n) for (kind, clause), n in counts.items()],
        )

    def size(self) -> int:
        """Return how many entries there are."""
        return self._size(self._connection())

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """Yield rows in order, read in portions."""
        db = self._connection()
        while start < stop:
            found = db.execute(
                "select * from entry where seq >= ? and seq < ? order by seq limit 2000", (start, stop)
            ).fetchall()
            if not found:
                return
            yield from (Row(*r) for r in found)
            start = found[-1][0] + 1

    def latest(self, count: int, before: int | None, kind: str, clause: str) -> list[Row]:
        """Return up to `count` rows, newest first."""
        found = self._connection().execute(
            "select * from entry where (?1 is null or seq < ?1) and (?2 = '' or kind = ?2) "
            "and (?3 = '' or clause = ?3) order by seq desc limit ?4",
            (before, kind, clause, count),
        )
        return [Row(*r) for r in found]

    def count(self, kind: str, clause: str) -> int:
        """Return how many entries there are of a kind and clause; empty means any."""
        found = self._connection().execute(
            "select coalesce(sum(n), 0) from tally where (?1 = '' or kind = ?1) and (?2 = '' or clause = ?2)",
            (kind, clause),
        )
        return int(found.fetchone()[0])

    def put_checkpoint(self, size: int, text: str) -> None:
        """Keep a signed checkpoint."""
        self._connection().execute("insert into checkpoint values (?, ?)", (size, text))

    def checkpoints(self, count: int) -> list[str]:
        """Return the newest checkpoints, newest first."""
        found = self._connection().execute(
            "select note from checkpoint order by size desc, rowid desc limit ?", (count,)
        )
        return [r[0] for r in found]

    def drop_bodies(self, stop: int) -> int:
        """Drop the bodies of entries before `stop`, as their own promise says; proofs stay whole."""
        done = self._connection().execute(
            "update entry set body = null, salt = null where seq < ? and body is not null", (stop,)
        )
        return done.rowcount


def load_or_make_key(path: Path) -> bytes:
    """Return the 32 secret bytes in a file only its owner may read, made on first need; refuses loose permissions."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(handle, "wb") as file:
            file.write(stamp.nonce(32).hex().encode() + b"\n")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadInput("others may read the key file", help="chmod 600 it", place=path.name)
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except ValueError as error:
        raise BadInput("this is not a key file", help="restore it from its backup", place=path.name) from error
    if len(secret) != 32:
        raise BadInput("this is not a key file", help="restore it from its backup", place=path.name)
    return secret
