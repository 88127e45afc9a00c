"""The erasure register: keyed digests of who was erased, in a file that no backup of keys or records puts back.

It outlives the person's key on purpose: it is what keeps a restored key, or a late import, from bringing somebody back.
Its key, the deployment key, is wrapped by the master key and lies in the same file.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from sekisho.adapters.ledgers.keytables import REGISTER, open_file, reading, writing
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput
from sekisho.vault.blind import keyed
from sekisho.vault.secret import Secret
from sekisho.vault.wrap import derive, fingerprint, unwrap, wrap

DEPLOYMENT = b"deployment key"
PORTION = 500


class Register:
    """Who was erased, as marks of 16 bytes; only ever asked whether a mark is in it."""

    def __init__(
        self, path: Path, master: Secret, clock: stamp.Clock, *, new: bool = False, deployment: Secret | None = None
    ) -> None:
        """Open the register; a new one takes `deployment`, or a key of its own. Raises BadInput for another master."""
        if not new and not path.exists():
            raise lost(path)
        self._db, self._clock, self._guard = open_file(path, REGISTER), clock, threading.RLock()
        with writing(self._db):
            meta = dict(self._db.execute("select name, value from meta"))
            if not meta and not new:
                raise lost(path)
            if not meta:
                wrapped = wrap(master, deployment or Secret(stamp.nonce(32)), DEPLOYMENT, stamp.nonce(12))
                meta = {"check": fingerprint(master), "deployment": wrapped}
                self._db.executemany("insert into meta values (?, ?)", meta.items())
        check_master(meta["check"], master, path)
        self.deployment = unwrap(master, meta["deployment"], DEPLOYMENT)
        self._key = derive(self.deployment, "erased")

    @property
    def begun(self) -> bool:
        """Whether a key store was made beside this register: where that is missing, it was lost."""
        return self._db.execute("select 1 from meta where name = 'begun'").fetchone() is not None

    def begin(self) -> None:
        """Take down that the key store was made."""
        with self._guard, writing(self._db):
            self._db.execute("insert into meta values ('begun', '') on conflict (name) do nothing")

    def mark(self, kind: str, what: bytes) -> bytes:
        """Return the mark of something about a person: their id, a look-up value, a record."""
        return keyed(self._key, kind.encode() + b":" + what)

    def add(self, marks: Iterable[bytes], *, pending: bool) -> None:
        """Enter marks, durable on return; a pending one is of a key whose bytes may still be there."""
        at = stamp.rfc3339(self._clock())
        with self._guard, writing(self._db):
            self._db.executemany(
                "insert into mark values (?, ?, ?) on conflict (mark) do update set pending = excluded.pending",
                [(m, at, int(pending)) for m in marks],
            )

    def settle(self, marks: Iterable[bytes]) -> None:
        """Take down that the bytes of these keys are gone."""
        with self._guard, writing(self._db):
            self._db.executemany("update mark set pending = 0 where mark = ?", [(m,) for m in marks])

    def lift(self, marks: Iterable[bytes]) -> None:
        """Take marks out: the person came again by themselves, through a declared channel."""
        with self._guard, writing(self._db):
            self._db.executemany("delete from mark where mark = ? and pending = 0", [(m,) for m in marks])

    def pending(self) -> set[bytes]:
        """Return the marks of keys whose destruction was not finished."""
        with self._guard, reading(self._db):
            return {m for (m,) in self._db.execute("select mark from mark where pending = 1")}

    def among(self, marks: Sequence[bytes]) -> set[bytes]:
        """Return which of these marks are in the register."""
        found: set[bytes] = set()
        with self._guard, reading(self._db):
            for start in range(0, len(marks), PORTION):
                portion = marks[start : start + PORTION]
                places = ", ".join("?" * len(portion))
                query = f"select mark from mark where mark in ({places})"  # noqa: S608 - only question marks enter it
                found.update(m for (m,) in self._db.execute(query, portion))
        return found

    def all(self) -> list[tuple[bytes, str]]:
        """Return every mark with its instant."""
        with self._guard, reading(self._db):
            return self._db.execute("select mark, at from mark order by mark").fetchall()

    def join(self, marks: Iterable[tuple[bytes, str]]) -> None:
        """Enter the marks of a backup; those that are here already stay as they are."""
        with self._guard, writing(self._db):
            self._db.executemany("insert into mark values (?, ?, 0) on conflict (mark) do nothing", marks)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def lost(path: Path) -> BadInput:
    """Return the error for a register that is not there."""
    return BadInput(
        "the erasure register is missing, so nobody knows who must not come back",
        help="put its copy back; where there is none: `sekisho keys restore FILE --register-lost`",
        place=path.name,
    )


def check_master(kept: object, master: Secret, path: Path) -> None:
    """Raise BadInput where a file's key-check value is of another master key."""
    found = fingerprint(master)
    if kept != found:
        raise BadInput(
            f"this is not the master key of this file: it wants the key `{kept}`, this one is `{found}`",
            help="put back the master key that was in use; `sekisho keys status` tells a key by the same digits",
            place=path.name,
        )
