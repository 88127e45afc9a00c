"""The key store: a data key for each person, wrapped, in a file outside every store, its backups and its replicas.

To destroy somebody's key is to make all that was sealed under it unreadable, wherever copies of it lie. The order of a
destruction is: the mark in the erasure register, then the row, then the write-ahead log; whatever is cut short after
the mark is finished when the store is opened next.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sekisho.adapters.ledgers.keytables import FIRST_WRAPPING, KEYS, NOBODY, cut, first, open_file, reading, writing
from sekisho.adapters.ledgers.masterkey import load_master
from sekisho.adapters.ledgers.register import Register, check_master
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Refused, StoreTrouble
from sekisho.vault.blind import KINDS, Identifier, check_kind, index
from sekisho.vault.secret import Secret
from sekisho.vault.wrap import derive, fingerprint, of_person, of_wrapping, unwrap, wrap

VERSION = 1
"""The version of a data key, part of what its wrapping is bound to; a person's key is destroyed, never replaced."""
PORTION = 500
CACHED = 50_000
"""Data keys that are held open in memory at most; they are let go all at once."""
HORIZON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Where:
    """Where the parts of a key store lie, and how long its backups may be kept."""

    store: Path
    register: Path
    master: Path
    horizon: timedelta = HORIZON


@dataclass(frozen=True, slots=True)
class Wrapping:
    """A living wrapping key, as one may tell of it: its number, when it was made, how many data keys are under it."""

    id: int
    created: str
    keys: int


@dataclass(frozen=True, slots=True)
class Status:
    """How the key store stands."""

    people: int
    wrapping: tuple[Wrapping, ...]
    due: datetime
    erased: int
    unfinished: int
    """Destroyed keys whose bytes may still be in the write-ahead log."""
    master: str


class KeyStore:
    """Keys of people in a SQLite file; safe between threads and between processes."""

    def __init__(self, where: Where, master: Secret, clock: stamp.Clock = stamp.now, *, put_back: bool = False) -> None:
        """Open the store, or make it where neither store nor register exist; finish what was cut short.

        Raises BadInput for a wrong master key, and where one of the two files is missing: a new one in its place would
        hide that everything is lost, or forget who was erased. `put_back` is for a restore, which makes the store anew.
        """
        self.where, self._master, self._clock = where, master, clock
        self._guard = threading.RLock()
        self._under: dict[int, Secret] = {}
        self._open: dict[bytes, Secret] = {}
        with first(where.store):
            there = where.store.exists()
            self.register = Register(where.register, master, clock, new=not there and not put_back)
            if not there and not put_back and self.register.begun:
                raise BadInput(
                    "the key store is missing while its erasure register is there",
                    help="put it back: `sekisho keys restore FILE`; a new one would open nothing",
                    place=where.store.name,
                )
            self._db, self._watch = open_file(where.store, KEYS), open_file(where.store, ())
            self._begin()
            self.register.begin()
        self._seen = self._version()
        self._blind = {kind: derive(self.register.deployment, f"blind {kind}") for kind in KINDS}
        self.numbers = derive(self.register.deployment, "numbers")
        """The key under which the words of callers become numbers of records."""
        self.finish()

    @classmethod
    def open(cls, where: Where, clock: stamp.Clock = stamp.now, environ: Mapping[str, str] | None = None) -> KeyStore:
        """Open the key store with the master key of the environment or of its file, made where all is new."""
        return cls(where, master_of(where, environ), clock)

    def _begin(self) -> None:
        with writing(self._db):
            kept = self._db.execute("select value from meta where name = 'check'").fetchone()
            if kept is None:
                self._db.execute("insert into meta values ('check', ?)", (fingerprint(self._master),))
                self._add_wrapping()
                kept = (fingerprint(self._master),)
        check_master(kept[0], self._master, self.where.store)

    def close(self) -> None:
        """Forget every key that is open, and close the files."""
        with self._guard:
            self._open.clear()
            self._under.clear()
            for db in (self._db, self._watch, self.register):
                db.close()

    # -- keys of people ------------------------------------------------------------------------------------------

    def make(self, people: Sequence[str]) -> dict[str, Secret]:
        """Make a data key for each person who has none; durable on return. Raises Refused for who was erased."""
        ids = {bytes.fromhex(p): p for p in people}
        made = {i: Secret(stamp.nonce(32)) for i in ids}
        with self._guard, writing(self._db):
            # asked inside the writing: a destruction enters its mark before it waits for this one to end
            if self.register.among([self.register.mark("person", i) for i in ids]):
                raise Refused("somebody of these was erased, and gets no key again", help="begin with a new person")
            there = self._rows(list(ids))
            newest, under = self._newest()
            self._db.executemany(
                "insert into data_key (person, wrapping, wrapped) values (?, ?, ?)",
                [(i, newest, _wrapped(under, i, key)) for i, key in made.items() if i not in there],
            )
            opened = {i: self._unwrap(i, *row) for i, row in there.items()}
        return {p: opened.get(i) or made[i] for i, p in ids.items()}

    def keys(self, people: Iterable[str]) -> dict[str, Secret]:
        """Return the data keys of these people; who has none, or none any more, is not among them."""
        with self._guard:
            self._forget_if_changed()
            ids = {bytes.fromhex(p): p for p in people}
            found = {i: self._open[i] for i in ids if i in self._open}
            missing = [i for i in ids if i not in found]
            if missing:
                # row and wrapping key of one moment: between two a rotation could end
                with reading(self._db):
                    found.update({i: self._unwrap(i, *row) for i, row in self._rows(missing).items()})
            if len(self._open) + len(found) > CACHED:
                self._open.clear()
            self._open.update(found)
            return {ids[i]: key for i, key in found.items()}

    def destroy(self, people: Sequence[str], marks: Sequence[bytes] = ()) -> bool:
        """Destroy the keys of people and enter them, and `marks` of what belongs to them, in the register.

        On return they are unreadable. True where their bytes are gone from the store's files too; False where a reader
        holds on to the write-ahead log, which `finish` cuts later.
        """
        ids = [bytes.fromhex(p) for p in people]
        with self._guard:
            own = [self.register.mark("person", i) for i in ids]
            self.register.add(marks, pending=False)
            self.register.add(own, pending=True)
            self._overwrite(ids)
            return self._settle(own)

    def finish(self) -> bool:
        """Finish destructions that were cut short; returns whether none is left over."""
        with self._guard:
            pending = self.register.pending()
            if not pending:
                return True
            with reading(self._db):
                living = self._db.execute("select person from data_key where wrapping <> ?", (NOBODY,)).fetchall()
            self._overwrite([i for (i,) in living if self.register.mark("person", i) in pending])
            return self._settle(list(pending))

    def _overwrite(self, ids: Sequence[bytes]) -> None:
        with writing(self._db):
            self._db.executemany(
                # a row of nobody stays in its place, for its bytes lie nowhere else
                "update data_key set person = randomblob(16), wrapping = ?, wrapped = zeroblob(length(wrapped)) "
                "where person = ?",
                [(NOBODY, i) for i in ids],
            )
        for i in ids:
            self._open.pop(i, None)

    def _settle(self, marks: Sequence[bytes]) -> bool:
        gone = cut(self._db)
        if gone:
            self.register.settle(marks)
        return gone

    # -- marks and look-ups --------------------------------------------------------------------------------------

    def look_up(self, identifier: Identifier) -> bytes:
        """Return the blind index of an identifier; raises BadInput where it is none."""
        check_kind(identifier.kind)
        return index(self._blind[identifier.kind], identifier)

    # -- rotation ------------------------------------------------------------------------------------------------

    def due(self) -> datetime:
        """Return when the newest wrapping key is older than the horizon."""
        with self._guard, reading(self._db):
            (created,) = self._db.execute("select created from wrapping_key order by id desc limit 1").fetchone()
        return datetime.fromisoformat(created) + self.where.horizon

    def rotate(self) -> int:
        """Make a new wrapping key, under which every new key comes at once; returns its number."""
        with self._guard, writing(self._db):
            return self._add_wrapping()

    def rewrap(self, after: int = 0, most: int = PORTION) -> int | None:
        """Bring the next portion of data keys under the newest wrapping key.

        Returns the place to go on from, None when all are there. Every portion is whole: what dies between two of them
        is taken up again from anywhere.
        """
        with self._guard, writing(self._db):
            newest, under = self._newest()
            rows = self._db.execute(
                "select slot, person, wrapping, wrapped from data_key "
                "where slot > ? and wrapping not in (?, ?) order by slot limit ?",
                (after, newest, NOBODY, most),
            ).fetchall()
            self._db.executemany(
                "update data_key set wrapping = ?, wrapped = ? where slot = ?",
                [(newest, _wrapped(under, i, self._unwrap(i, old, w)), slot) for slot, i, old, w in rows],
            )
        return int(rows[-1][0]) if rows else None

    def retire(self) -> tuple[int, ...]:
        """Destroy every older wrapping key under which no data key is left; returns their numbers."""
        with self._guard:
            with writing(self._db):
                newest, _ = self._newest()
                old = self._db.execute(
                    "select id from wrapping_key where id <> ? and destroyed = '' "
                    "and id not in (select wrapping from data_key)",
                    (newest,),
                ).fetchall()
                at = stamp.rfc3339(self._clock())
                self._db.executemany(
                    "update wrapping_key set wrapped = zeroblob(length(wrapped)), destroyed = ? where id = ?",
                    [(at, id) for (id,) in old],
                )
            self._under.clear()
            if not cut(self._db):
                raise StoreTrouble(
                    "the old wrapping key is destroyed, and a reader still holds the file's log of it",
                    help="run `sekisho keys rotate --if-due` again when it is done",
                )
        return tuple(id for (id,) in old)

    # -- telling -------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Return how the store stands; nothing of it is a key."""
        with self._guard:
            with reading(self._db):
                counts = dict(self._db.execute("select wrapping, count(*) from data_key group by wrapping"))
                made = self._db.execute("select id, created from wrapping_key where destroyed = '' order by id")
                living = made.fetchall()
            wrapping = tuple(Wrapping(id, created, counts.get(id, 0)) for id, created in living)
            people = sum(n for id, n in counts.items() if id != NOBODY)
            erased = len(self.register.all())
            return Status(people, wrapping, self.due(), erased, len(self.register.pending()), fingerprint(self._master))

    def contents(self) -> tuple[list[tuple[int, str, bytes]], list[tuple[bytes, int, bytes]]]:
        """Return the living wrapping keys and the data keys as they lie, wrapped, from one moment."""
        with self._guard, reading(self._db):
            under = self._db.execute("select id, created, wrapped from wrapping_key where destroyed = '' order by id")
            wrapping = under.fetchall()
            rows = self._db.execute(
                "select person, wrapping, wrapped from data_key where wrapping <> ? order by slot", (NOBODY,)
            )
            return wrapping, rows.fetchall()

    def take(self, people: Mapping[bytes, Secret]) -> int:
        """Take data keys as they were before, of people who have none here; returns how many. Durable on return."""
        taken = 0
        with self._guard, writing(self._db):
            newest, under = self._newest()
            for i, key in people.items():
                taken += self._db.execute(
                    "insert into data_key (person, wrapping, wrapped) values (?, ?, ?) on conflict (person) do nothing",
                    (i, newest, _wrapped(under, i, key)),
                ).rowcount
        return taken

    # -- within --------------------------------------------------------------------------------------------------

    def _rows(self, ids: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        found: dict[bytes, tuple[int, bytes]] = {}
        for start in range(0, len(ids), PORTION):
            portion = ids[start : start + PORTION]
            places = ", ".join("?" * len(portion))
            query = f"select person, wrapping, wrapped from data_key where person in ({places})"  # noqa: S608 - question marks
            found.update({i: (under, wrapped) for i, under, wrapped in self._db.execute(query, portion)})
        return found

    def _unwrap(self, person: bytes, under: int, wrapped: bytes) -> Secret:
        return unwrap(self._wrapping(under), wrapped, of_person(person.hex(), VERSION))

    def _wrapping(self, id: int) -> Secret:
        if id not in self._under:
            (wrapped,) = self._db.execute("select wrapped from wrapping_key where id = ?", (id,)).fetchone()
            self._under[id] = unwrap(self._master, wrapped, of_wrapping(str(id)))
        return self._under[id]

    def _newest(self) -> tuple[int, Secret]:
        """Return the newest wrapping key; asked inside the writing, since another process may have rotated."""
        (id,) = self._db.execute("select max(id) from wrapping_key").fetchone()
        return id, self._wrapping(id)

    def _add_wrapping(self) -> int:
        (last,) = self._db.execute("select max(id) from wrapping_key").fetchone()
        id = FIRST_WRAPPING if last is None else int(last) + 1
        wrapped = wrap(self._master, Secret(stamp.nonce(32)), of_wrapping(str(id)), stamp.nonce(12))
        self._db.execute(
            "insert into wrapping_key (id, created, wrapped) values (?, ?, ?)",
            (id, stamp.rfc3339(self._clock()), wrapped),
        )
        return id

    def _version(self) -> int:
        return int(self._watch.execute("pragma data_version").fetchone()[0])

    def _forget_if_changed(self) -> None:
        """Let go of open keys when the file changed: another process may have destroyed one of them."""
        version = self._version()
        if version != self._seen:
            self._seen = version
            self._open.clear()
            self._under.clear()


def _wrapped(under: Secret, person: bytes, key: Secret) -> bytes:
    return wrap(under, key, of_person(person.hex(), VERSION), stamp.nonce(12))


def master_of(where: Where, environ: Mapping[str, str] | None = None) -> Secret:
    """Return the master key of a key store, made where neither the store nor its register is there yet."""
    new = not where.store.exists() and not where.register.exists()
    return load_master(where.master, os.environ if environ is None else environ, make=new)
