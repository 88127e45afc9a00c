"""The ledger of what can be used once: codes and links, each bound to a case, a purpose and an action.

Looking changes nothing. Using is one statement that succeeds for one among any number who try at the same time.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.messages import check_key, stop
from sekisho.adapters.ledgers.messages_schema import ONCE
from sekisho.ground import stamp
from sekisho.ground.errors import Refused
from sekisho.messages.once import (
    CODE_LIFE,
    CODES_AN_HOUR,
    LINK_LIFE,
    SKEW,
    STOP_LIFE,
    TOKEN_BYTES,
    TRIES,
    Action,
    Kind,
    Once,
    code_digest,
    new_code,
    new_token,
    token_digest,
    typed,
)


class OnceLedger:
    """Codes and links in the file of messages."""

    def __init__(self, engine: Engine, key: bytes) -> None:
        """Hold the file and the deployment's key, under which codes are kept."""
        self._engine, self._key = engine, key
        check_key(engine, "contact", key)

    def code(self, case: str, purpose: str, now: datetime) -> str:
        """Return a new code for a case; the one before it is void. Raises Refused where there were too many."""
        id, code = stamp.handle(), new_code(stamp.nonce(32))
        with self._engine.begin() as db:
            # the first statement writes, so that two who ask at the same time come one after the other
            db.execute(sa.update(ONCE).where(*_open(case, purpose, now)).values(until=stamp.rfc3339(now)))
            hour = stamp.rfc3339(now - timedelta(hours=1))
            count = sa.select(sa.func.count()).where(
                ONCE.c.case_ref == case, ONCE.c.kind == Kind.CODE.value, ONCE.c.made > hour
            )
            if db.execute(count).scalar_one() >= CODES_AN_HOUR:
                raise Refused("too many codes were asked for in this case", help="wait an hour")
            digest = code_digest(self._key, id, code)
            once = Once(id, Kind.CODE, Action.CONFIRM, purpose, case, "", now, now + CODE_LIFE)
            db.execute(sa.insert(ONCE).values(_row(once, digest)))
        return code

    def use_code(self, case: str, purpose: str, text: str, now: datetime) -> bool:
        """Say whether this is the open code of a case and purpose, and use it; every call is a try."""
        code = typed(text)
        with self._engine.begin() as db:
            # counted before it is looked at: whoever ends the program in between has had the try
            row = db.execute(
                sa.update(ONCE)
                .where(*_open(case, purpose, now), ONCE.c.tries < TRIES)
                .values(tries=ONCE.c.tries + 1)
                .returning(ONCE.c.id, ONCE.c.digest)
            ).first()
        if row is None or not hmac.compare_digest(row.digest, code_digest(self._key, row.id, code)):
            return False
        return self._take(row.id, now)

    def link(self, case: str, purpose: str, now: datetime, life: timedelta = LINK_LIFE) -> str:
        """Return the token of a new link that confirms something in a case."""
        return self._token(Once(stamp.handle(), Kind.LINK, Action.CONFIRM, purpose, case, "", now, now + life))

    def stop_link(self, mark: str, purpose: str, now: datetime) -> str:
        """Return the token of a link that puts an address on the do-not-contact list for a purpose."""
        return self._token(Once(stamp.handle(), Kind.LINK, Action.STOP, purpose, "", mark, now, now + STOP_LIFE))

    def _token(self, once: Once) -> str:
        token = new_token(stamp.nonce(TOKEN_BYTES))
        with self._engine.begin() as db:
            db.execute(sa.insert(ONCE).values(_row(once, token_digest(token) or "")))
        return token

    def look(self, token: str, now: datetime) -> Once | None:
        """Return the link of a token as long as it can be used, or says what it did; never changes anything."""
        digest = token_digest(token)
        if digest is None:
            return None
        query = sa.select(ONCE).where(ONCE.c.digest == digest, ONCE.c.kind == Kind.LINK.value)
        with self._engine.connect() as db:
            row = db.execute(query).first()
        found = None if row is None else _once(row)
        return found if found is not None and found.lives(now) else None

    def use_link(self, token: str, now: datetime) -> Once | None:
        """Use a link: returns it for the one who used it, None for all others; stopping twice stops once."""
        found = self.look(token, now)
        if found is None:
            return None
        if found.action is Action.STOP:
            with self._engine.begin() as db:
                stop(db, found.mark, found.purpose, "link", now)
                db.execute(sa.update(ONCE).where(ONCE.c.id == found.id, ONCE.c.used == "").values(used=_at(now)))
            return found
        return found if self._take(found.id, now) else None

    def _take(self, id: str, now: datetime) -> bool:
        with self._engine.begin() as db:
            taken = db.execute(sa.update(ONCE).where(ONCE.c.id == id, ONCE.c.used == "").values(used=_at(now)))
        return taken.rowcount == 1

    def confirmed(self, case: str, purpose: str) -> datetime | None:
        """Return when a code or link of a case was used first, or None: what a case asks before it goes on."""
        query = sa.select(sa.func.min(ONCE.c.used)).where(
            ONCE.c.case_ref == case, ONCE.c.purpose == purpose, ONCE.c.used != ""
        )
        with self._engine.connect() as db:
            used = db.execute(query).scalar()
        return datetime.fromisoformat(used) if used else None

    def drop_old(self, now: datetime) -> int:
        """Forget what can no longer be used; returns how many."""
        with self._engine.begin() as db:
            return db.execute(sa.delete(ONCE).where(ONCE.c.until < _at(now - timedelta(days=30)))).rowcount


def _open(case: str, purpose: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """The codes of a case and purpose that are neither used nor over; of a clock that was put back, none."""
    return (
        ONCE.c.kind == Kind.CODE.value,
        ONCE.c.case_ref == case,
        ONCE.c.purpose == purpose,
        ONCE.c.used == "",
        ONCE.c.until > _at(now),
        ONCE.c.made <= _at(now + SKEW),
    )


def _at(now: datetime) -> str:
    return stamp.rfc3339(now)


def _row(once: Once, digest: str) -> dict[str, str]:
    return {
        "id": once.id,
        "kind": once.kind.value,
        "digest": digest,
        "action": once.action.value,
        "purpose": once.purpose,
        "case_ref": once.case,
        "mark": once.mark,
        "made": _at(once.made),
        "until": _at(once.until),
    }


def _once(row: sa.Row[Any]) -> Once:
    made, until = datetime.fromisoformat(row.made), datetime.fromisoformat(row.until)
    used = datetime.fromisoformat(row.used) if row.used else None
    return Once(
        row.id, Kind(row.kind), Action(row.action), row.purpose, row.case_ref, row.mark, made, until, row.tries, used
    )
