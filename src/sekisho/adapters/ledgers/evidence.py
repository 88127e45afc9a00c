"""The evidence ledger on SQLite: rows, packed tiles of hashes, counts and checkpoints in one file.

The standard driver is used directly, not SQLAlchemy: appending a thousand entries must cost little more than the
bytes. Writes take the database's write lock first, so several processes may append; synchronous=FULL makes a commit
durable. Triggers refuse every change but the dropping of a body.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sekisho.adapters.ledgers.evidence_journal import cut_off
from sekisho.adapters.ledgers.evidence_schema import open_ledger
from sekisho.adapters.ledgers.evidence_tiles import count as count_up
from sekisho.adapters.ledgers.evidence_tiles import loose, pack
from sekisho.adapters.ledgers.keyfile import load_or_make_key, sync_folder
from sekisho.evidence import tree
from sekisho.evidence.leaves import Prepared, Row, agrees
from sekisho.ground.errors import NotWitnessed, SekishoError, StoreTrouble, Tampered

__all__ = ["SqliteLeaves", "load_or_make_key"]

KEPT, KNOWN = 256, 16_384
"""Complete tiles, and roots of subtrees above them, kept in memory (some megabytes): they never change."""
PORTION = 2000
"""Rows read or changed at a time, so that memory and locks stay bounded."""
COLUMNS = "seq, kind, clause, body, salt, leaf"
AWAY = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERRUPT,
)
"""What SQLite says when the file may be whole but cannot be reached."""


def trouble(error: Exception, name: str) -> SekishoError:
    """Return what a driver's error means: the file is away, or its bytes cannot be what was written.

    Damage can get into the driver's own message, which is then no text.
    """
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        raise error  # ours, not the file's
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, OSError) or (code is not None and code & 0xFF in AWAY):
        return StoreTrouble(
            f"the evidence ledger does not answer ({getattr(error, 'sqlite_errorname', 'the disk')})",
            help="check the disk and the folder's permissions, and try again",
            place=name,
        )
    return Tampered(
        "the evidence ledger is damaged", help="restore it; compare with the cosigner's checkpoint", place=name
    )


class SqliteLeaves:
    """A leaf store in one SQLite file; an instance may be shared by threads, and survives a fork."""

    def __init__(self, path: str | Path, *, late: bool = False) -> None:
        """Open or make the ledger, `late` on first use only; raises BadInput where the file is something else."""
        self.path = Path(path)
        self._lock, self._pid = threading.RLock(), os.getpid()
        self._db: sqlite3.Connection | None = None
        self._parents: list[sqlite3.Connection] = []
        self._suspect = self._named = self._cut = False
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._roots: dict[tuple[int, int], bytes] = {}
        if not late:
            with self._reading():
                pass

    # -- the handle ---------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the handle to one thread at a time; what the driver raises becomes one of our errors."""
        if self._pid != os.getpid():
            self._leave_to_parent()
        with self._lock:
            try:
                yield self._connection()
            except (sqlite3.Error, UnicodeDecodeError, OSError) as error:
                raise trouble(error, self.path.name) from error

    def _leave_to_parent(self) -> None:
        """After a fork: the parent's handle must be neither used nor closed here, nor its lock waited for."""
        if self._db is not None:
            self._parents.append(self._db)
        self._db, self._lock, self._pid = None, threading.RLock(), os.getpid()

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            db = open_ledger(self.path)
            try:
                self._cut = cut_off(db, self.path) or self._cut
            except BaseException:
                db.close()
                raise
            self._db, self._named = db, False
            self._tiles.clear()
            self._roots.clear()
        return self._db

    def _mend(self, db: sqlite3.Connection) -> None:
        """After a failed write: empty the journal into the file, which syncs both, and read the tail again.

        A write that failed may have left pages that a crash would lose, and entries behind them with them; nothing is
        acknowledged on this file again before it is whole (a later sync that succeeds says nothing about it).
        """
        if db.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
            raise StoreTrouble("the evidence ledger is busy", help="try again", place=self.path.name)
        size = _size(db)
        start = max(0, size - 2 * tree.TILE)
        rows = db.execute(f"select {COLUMNS} from entry where seq >= ? order by seq", (start,)).fetchall()  # noqa: S608 - our own names
        if [r[0] for r in rows] != list(range(start, size)) or not all(agrees(Row._make(r)) for r in rows):
            raise Tampered(
                "the evidence ledger is damaged at its end", help="run `sekisho evidence verify`", place=self.path.name
            )
        self._suspect = False

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            db, self._db = self._db, None
            if db is not None and self._pid == os.getpid():
                db.close()

    def _abandon(self) -> None:
        """Give the handle up: after a failed write nothing about it can be trusted."""
        with suppress(sqlite3.Error):
            self.close()

    # -- writing ------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the handle inside one durable transaction; raises NotWitnessed where it does not come through."""
        try:
            with self._reading() as db:
                self._begin(db)
                done = False
                try:
                    yield db
                    db.execute("commit")
                    if not self._named:
                        # the journal's name must last as well; SQLite does not mind when that fails
                        sync_folder(self.path.parent)
                        self._named = True
                    done = True
                except (sqlite3.Error, OSError) as error:
                    # a disk that is full has refused; one that failed may have lost what it took
                    self._suspect = getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_FULL
                    raise
                finally:
                    if not done:
                        self._abandon()
        except (SekishoError, OSError) as error:
            raise NotWitnessed(
                help=f"the evidence log could not be written: {error}; nothing was given", place=self.path.name
            ) from error

    def _begin(self, db: sqlite3.Connection) -> None:
        try:
            if self._suspect:
                self._mend(db)
            db.execute("begin immediate")
        except sqlite3.Error as error:
            # when another writer holds the lock too long nothing was tried on this handle
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                self._suspect = True
                self._abandon()
            raise

    def append(self, prepared: Sequence[Prepared]) -> range:
        """Store rows durably, all or none; a file that fails is closed and read anew before it is used again."""
        with self._writing() as db:
            start = _size(db)
            stop = start + len(prepared)
            # the first row has number 0; those after it are numbered by the engine, one after the last
            first = 1 if start == 0 else 0
            db.executemany("insert into entry values (0, ?, ?, ?, ?, ?)", prepared[:first])
            db.executemany(
                "insert into entry (kind, clause, body, salt, leaf) values (?, ?, ?, ?, ?)", prepared[first:]
            )
            if start >> tree.TILE_HEIGHT != stop >> tree.TILE_HEIGHT:
                pack(db, start, stop, [row[4] for row in prepared])
            count_up(db, prepared, start)
        self._cut = False
        return range(start, stop)

    def mishap(self) -> bool:
        """Say whether a write was found cut off when the file was opened, and nothing was appended since."""
        with self._reading():
            return self._cut

    def put_checkpoint(self, size: int, text: str) -> None:
        """Keep a signed checkpoint."""
        with self._writing() as db:
            db.execute("insert into checkpoint values (?, ?)", (size, text))

    def put_cosigned(self, size: int, text: str, key: str) -> bool:
        """Keep a checkpoint that an outsider signed; return whether it was not yet there."""
        with self._writing() as db:
            row = (size, text, key)
            known = db.execute("select 1 from cosigned where size = ? and note = ? and cosigner = ?", row).fetchone()
            if known is None:
                db.execute("insert into cosigned values (?, ?, ?)", row)
        return known is None

    def drop_bodies(self, stop: int) -> int:
        """Drop the bodies of entries before `stop`, their bytes too; proofs stay whole."""
        done, start = 0, 0
        while start < stop:
            with self._writing() as db:
                db.execute("pragma secure_delete = on")
                done += db.execute(
                    "update entry set body = null, salt = null where seq >= ? and seq < ? and body is not null",
                    (start, min(stop, start + PORTION)),
                ).rowcount
            start += PORTION
        with self._reading() as db:
            # the journal still holds the old pages until it is emptied
            db.execute("pragma wal_checkpoint(truncate)").fetchone()
        return done

    # -- reading ------------------------------------------------------------------------------------------------

    def size(self) -> int:
        """Return how many entries there are."""
        with self._reading() as db:
            return _size(db)

    def rows(self, start: int, stop: int) -> Iterator[Row]:
        """Yield rows in order, read in portions; what is before a damaged row is still yielded."""
        make, portion = Row._make, PORTION
        while start < stop:
            try:
                with self._reading() as db:
                    found = db.execute(
                        f"select {COLUMNS} from entry where seq >= ? and seq < ? order by seq limit ?",  # noqa: S608 - our own names
                        (start, stop, portion),
                    ).fetchall()
            except Tampered:
                if portion == 1:
                    raise
                portion = 1
                continue
            if not found:
                return
            yield from map(make, found)
            start = found[-1][0] + 1

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield leaf hashes in order, in portions: what may be published."""
        while start < stop:
            with self._reading() as db:
                portion = db.execute(
                    "select leaf from entry where seq >= ? and seq < ? order by seq limit ?", (start, stop, PORTION)
                ).fetchall()
            if not portion:
                return
            yield b"".join(leaf for (leaf,) in portion)
            start += len(portion)

    def latest(self, count: int, before: int | None, kind: str, clause: str) -> list[Row]:
        """Return up to `count` rows, newest first; of a kind or clause, only blocks that hold it are read."""
        stop = 2**62 if before is None else before
        if not kind and not clause:
            with self._reading() as db:
                found = db.execute(
                    f"select {COLUMNS} from entry where seq < ? order by seq desc limit ?",  # noqa: S608 - our own names
                    (stop, count),
                )
                return [Row._make(r) for r in found]
        rows: list[Row] = []
        for block in self._blocks(count + 1, stop, kind, clause):
            first = block << tree.TILE_HEIGHT
            with self._reading() as db:
                found = db.execute(
                    f"select {COLUMNS} from entry where seq >= ?1 and seq < ?2 and (?3 = '' or kind = ?3) "  # noqa: S608 - our own names
                    "and (?4 = '' or clause = ?4) order by seq desc limit ?5",
                    (first, min(stop, first + tree.TILE), kind, clause, count - len(rows)),
                )
                rows += [Row._make(r) for r in found]
            if len(rows) == count:
                break
        return rows

    def _blocks(self, count: int, stop: int, kind: str, clause: str) -> list[int]:
        """Return the newest blocks of 256 entries that hold a kind and clause, newest first."""
        found: set[int] = set()
        for one in self.tally():
            if kind in ("", one[0]) and clause in ("", one[1]):
                with self._reading() as db:
                    blocks = db.execute(
                        "select block from seen where kind = ? and clause = ? and block <= ? "
                        "order by block desc limit ?",
                        (*one, max(stop - 1, 0) >> tree.TILE_HEIGHT, count),
                    )
                    found.update(b for (b,) in blocks)
        return sorted(found, reverse=True)[:count]

    def tile(self, level: int, index: int) -> tuple[bytes, bytes] | None:
        """Return the 256 hashes of a complete tile in a row, and its root; None where it is not kept."""
        with self._reading() as db:
            found = db.execute("select hashes, root from tile where level = ? and idx = ?", (level, index)).fetchone()
        return None if found is None else (found[0], found[1])

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of a complete subtree from the tile that holds it."""
        known = self._roots.get((height, index))
        if known is not None:
            return known
        level, inside = divmod(height, tree.TILE_HEIGHT)
        start, count = index << inside, 1 << inside
        tile = self._packed(level, start >> tree.TILE_HEIGHT)
        if tile is not None:
            at = (start % tree.TILE) * tree.HASH
            hashes = [tile[i : i + tree.HASH] for i in range(at, at + count * tree.HASH, tree.HASH)]
        else:
            with self._reading() as db:
                hashes = loose(db, level, start, start + count)
        if len(hashes) != count or len(hashes[-1]) != tree.HASH:
            raise Tampered(
                f"the hashes of entries from {start << level * tree.TILE_HEIGHT} are missing",
                help="verify the ledger; restore it from a backup",
                place=self.path.name,
            )
        root = tree.perfect(hashes)
        if level:
            if len(self._roots) >= KNOWN:
                self._roots.clear()
            self._roots[height, index] = root
        return root

    def _packed(self, level: int, index: int) -> bytes | None:
        """Return the hashes of a complete tile; the last ones read are kept, since a proof asks for one many times."""
        with self._lock:
            kept = self._tiles.get((level, index))
            if kept is None:
                found = self.tile(level, index)
                if found is None or not isinstance(found[0], bytes):
                    return None
                if len(self._tiles) >= KEPT:
                    self._tiles.clear()
                kept = self._tiles[level, index] = found[0]
            return kept

    def count(self, kind: str, clause: str) -> int:
        """Return how many entries there are of a kind and clause; empty means any."""
        return sum(n for (k, c), n in self.tally().items() if kind in ("", k) and clause in ("", c))

    def tally(self) -> Mapping[tuple[str, str], int]:
        """Return how many entries there are by kind and clause."""
        with self._reading() as db:
            return {(k, c): n for k, c, n in db.execute("select kind, clause, n from tally")}

    def checkpoints(self, count: int) -> list[str]:
        """Return the newest checkpoints, newest first."""
        with self._reading() as db:
            found = db.execute("select note from checkpoint order by size desc, rowid desc limit ?", (count,))
            return [str(r[0]) for r in found]

    def cosigned(self, count: int) -> list[tuple[str, str]]:
        """Return the newest cosigned checkpoints with their verifier keys, newest first."""
        with self._reading() as db:
            found = db.execute("select note, cosigner from cosigned order by size desc, rowid desc limit ?", (count,))
            return [(str(r[0]), str(r[1])) for r in found]

    def trail(self) -> Iterator[str]:
        """Yield every checkpoint, cosigned ones too, smallest first, read in portions."""
        after = (-1, -1, -1)
        while True:
            with self._reading() as db:
                found = db.execute(
                    "select size, which, id, note from ("
                    "select size, 0 as which, rowid as id, note from checkpoint where size >= ?1 union all "
                    "select size, 1 as which, rowid as id, note from cosigned where size >= ?1) "
                    "where (size, which, id) > (?1, ?2, ?3) order by size, which, id limit 500",
                    after,
                ).fetchall()
            if not found:
                return
            yield from (r[3] for r in found)
            after = found[-1][:3]


def _size(db: sqlite3.Connection) -> int:
    last = db.execute("select max(seq) from entry").fetchone()[0]
    return 0 if last is None else int(last) + 1
