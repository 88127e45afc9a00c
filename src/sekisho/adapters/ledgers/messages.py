"""The queue of messages and the do-not-contact list.

What a message carries is sealed under a key that is kept apart, and gone when the message is. The list holds no
address, only marks under the deployment's key, so it outlives the person's own key and tells nobody who is on it.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.messages_schema import KEY, MESSAGE, STOP
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, StoreTrouble
from sekisho.messages.address import SENDING, Address, read_address
from sekisho.messages.ports import Secrets, State, Waiting

KEPT = timedelta(days=30)
"""How long it is remembered what became of a message."""
OPEN = (State.WAITING.value, State.SENDING.value)


@contextmanager
def delivering(folder: Path) -> Iterator[None]:
    """Hold the queue for one deliverer among processes; raises StoreTrouble where another has it.

    The lock ends with its process, so a message that is found half sent belongs to nobody any more.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "messages.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreTrouble("messages are being delivered already", help="look at `sekisho mail queue`") from error
        yield


class Queue:
    """Messages that wait, and what became of those that do not."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        """Hold the file and the key that seals."""
        self._engine, self._cipher = engine, AESGCM(key)

    def put(self, message: Waiting, secrets: Secrets) -> None:
        """Let a message wait, durably."""
        row = {
            "id": message.id,
            "person": message.person,
            "purpose": message.purpose,
            "template": message.template,
            "language": message.language,
            "sealed": self._seal(message.id, secrets),
            "made": stamp.rfc3339(message.made),
            "until": stamp.rfc3339(message.until),
            "state": State.WAITING.value,
            "next_at": stamp.rfc3339(message.made),
        }
        with self._engine.begin() as db:
            db.execute(sa.insert(MESSAGE).values(row))

    def _seal(self, id: str, secrets: Secrets) -> bytes:
        address = secrets.address.envelope.reveal(SENDING)
        text = msgspec.json.encode([address, secrets.code, secrets.token, secrets.page, secrets.stop])
        nonce = stamp.nonce(12)
        return nonce + self._cipher.encrypt(nonce, text, id.encode())

    def secrets(self, id: str) -> Secrets | None:
        """Return what a message carries; None where it is gone or was sealed under another key."""
        with self._engine.connect() as db:
            sealed = db.execute(sa.select(MESSAGE.c.sealed).where(MESSAGE.c.id == id)).scalar()
        if not sealed:
            return None
        try:
            text = self._cipher.decrypt(sealed[:12], sealed[12:], id.encode())
        except InvalidTag:
            return None
        address, code, token, page, stop = msgspec.json.decode(text, type=tuple[str, str, str, str, str])
        return Secrets(read_address(address), code, token, page, stop)

    def due(self, now: datetime) -> Sequence[str]:
        """Return the ids of the messages whose time has come, oldest first; half sent ones are due at once."""
        ready = sa.or_(MESSAGE.c.state == State.SENDING.value, MESSAGE.c.next_at <= stamp.rfc3339(now))
        query = sa.select(MESSAGE.c.id).where(MESSAGE.c.state.in_(OPEN), ready).order_by(MESSAGE.c.made)
        with self._engine.connect() as db:
            return list(db.execute(query).scalars())

    def claim(self, id: str, attempt: str, now: datetime) -> Waiting | None:
        """Take a message for one attempt, under the lock of `delivering`; None where it is done."""
        with self._engine.begin() as db:
            taken = db.execute(
                sa.update(MESSAGE)
                .where(MESSAGE.c.id == id, MESSAGE.c.state.in_(OPEN))
                .values(state=State.SENDING.value, attempt=attempt, attempts=MESSAGE.c.attempts + 1)
            )
            row = db.execute(sa.select(MESSAGE).where(MESSAGE.c.id == id)).one() if taken.rowcount else None
        return None if row is None else _waiting(row)

    def release(self, id: str, attempt: str, next_at: datetime, outcome: str, *, counted: bool) -> None:
        """Put a message back until later."""
        less = 0 if counted else 1
        self._settle(
            id,
            attempt,
            {
                "state": State.WAITING.value,
                "attempts": MESSAGE.c.attempts - less,
                "next_at": stamp.rfc3339(next_at),
                "outcome": outcome,
            },
        )

    def end(self, id: str, attempt: str, state: State, outcome: str, now: datetime) -> None:
        """Say what became of a message, and forget what it carried."""
        ended = {"state": state.value, "outcome": outcome, "ended": stamp.rfc3339(now), "sealed": b""}
        self._settle(id, attempt, ended)

    def _settle(self, id: str, attempt: str, values: dict[str, Any]) -> None:
        """Change a message of which this attempt is the last one; an older attempt changes nothing."""
        with self._engine.begin() as db:
            db.execute(
                sa.update(MESSAGE)
                .where(MESSAGE.c.id == id, MESSAGE.c.attempt == attempt, MESSAGE.c.state == State.SENDING.value)
                .values(values)
            )

    def all(self) -> list[Waiting]:
        """Return every message that is known, the newest first."""
        with self._engine.connect() as db:
            return [_waiting(r) for r in db.execute(sa.select(MESSAGE).order_by(MESSAGE.c.made.desc()))]

    def drop_old(self, now: datetime) -> int:
        """Forget what became of messages long ago; returns how many."""
        before = stamp.rfc3339(now - KEPT)
        with self._engine.begin() as db:
            return db.execute(sa.delete(MESSAGE).where(MESSAGE.c.ended != "", MESSAGE.c.ended < before)).rowcount


def _waiting(row: sa.Row[Any]) -> Waiting:
    made, until, next_at = (datetime.fromisoformat(t) for t in (row.made, row.until, row.next_at))
    found = Waiting(row.id, row.person, row.purpose, row.template, row.language, made, until)
    return replace(found, state=State(row.state), attempts=row.attempts, next_at=next_at, outcome=row.outcome)


class DoNotContact:
    """The do-not-contact list, by address and purpose."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        """Hold the file and the deployment's key; raises BadInput where the list was made under another key."""
        self._engine, self._key = engine, key
        check_key(engine, "contact", key)

    def mark(self, address: Address) -> str:
        """Return the mark of an address under the deployment's key."""
        return address.mark(self._key)

    def stop(self, mark: str, purpose: str, how: str, now: datetime) -> bool:
        """Put a mark on the list; says whether it is new there."""
        with self._engine.begin() as db:
            return stop(db, mark, purpose, how, now)

    def allow(self, mark: str, purpose: str) -> bool:
        """Take a mark off the list; says whether it was there."""
        with self._engine.begin() as db:
            gone = db.execute(sa.delete(STOP).where(STOP.c.mark == mark, STOP.c.purpose == purpose))
        return gone.rowcount > 0

    def stopped(self, mark: str, purpose: str) -> bool:
        """Say whether a mark is on the list for a purpose."""
        with self._engine.connect() as db:
            query = sa.select(STOP.c.mark).where(STOP.c.mark == mark, STOP.c.purpose == purpose)
            return db.execute(query).first() is not None

    def count(self) -> dict[str, int]:
        """Return purpose → how many addresses do not want its messages."""
        query = (
            sa.select(STOP.c.purpose, sa.func.count().label("many")).group_by(STOP.c.purpose).order_by(STOP.c.purpose)
        )
        with self._engine.connect() as db:
            return {row.purpose: row.many for row in db.execute(query)}


def stop(db: sa.Connection, mark: str, purpose: str, how: str, now: datetime) -> bool:
    """Put a mark on the list in a transaction that is open; says whether it is new there."""
    row = {"mark": mark, "purpose": purpose, "at": stamp.rfc3339(now), "how": how}
    made = db.execute(sa.insert(STOP).prefix_with("OR IGNORE").values(row))
    return made.rowcount > 0


def check_key(engine: Engine, name: str, key: bytes) -> None:
    """Raise BadInput where a key is not the one that was used before: under another one every list looks empty."""
    value = hmac.new(key, f"check\0{name}".encode(), hashlib.sha256).hexdigest()
    query = sa.select(KEY.c.value).where(KEY.c.name == name)
    with engine.connect() as db:
        kept = db.execute(query).scalar()
    if kept is None:
        with engine.begin() as db:
            db.execute(sa.insert(KEY).prefix_with("OR IGNORE").values(name=name, value=value))
            kept = db.execute(query).scalar_one()
    if not hmac.compare_digest(kept, value):
        raise BadInput(
            "this is not the key under which the do-not-contact list was made",
            help="restore it from its backup; with another key nobody on the list would be known",
            place=f"keys/{name}",
        )
