"""For which purposes people of the vault stand: folded from the books, and remembered until the books say more."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import PERSON, PLACE, portions
from sekisho.adapters.ledgers.consent import Consents
from sekisho.consent.facts import Fact
from sekisho.consent.standing import Band, Rule, fold
from sekisho.ground.errors import StoreTrouble
from sekisho.policy.model import Policy
from sekisho.vault.reading import STORE

HEAD = "select coalesce(max(seq), 0) from change"
PEOPLE = (
    sa.select(PLACE.c.subject, PLACE.c.key, PERSON.c.id, PERSON.c.age_band).join(PERSON).where(PLACE.c.store == STORE)
)
REMEMBERED = 50_000


class BookStanding:
    """Masks of people whose place is the vault; a decision is obeyed by the next reading after its commit."""

    def __init__(self, engine: Engine, policy: Policy) -> None:
        self._engine, self._consents = engine, Consents(engine)
        self._rules = [Rule(p.number, p.because.opt_in, p.reserved, p.of, p.name) for p in policy.purposes]
        self._under = min((m.under for m in policy.minors), default=0)
        self._guard, self._own = threading.Lock(), threading.local()
        self._head, self._masks = -1, dict[tuple[str, str], int]()

    def masks(self, people: Mapping[str, str]) -> dict[str, int]:
        """Return person → mask for person → class; whom the books do not know has decided nothing."""
        try:
            with self._guard:
                return self._standing(people)
        except (StoreTrouble, sa.exc.SQLAlchemyError, sqlite3.Error, psycopg.Error) as error:
            self.close()
            raise StoreTrouble("the books do not answer", help="nothing is read until they do") from error

    def _standing(self, people: Mapping[str, str]) -> dict[str, int]:
        db, driver = self._kept()
        # the head is read before the facts: what is remembered may be newer than it, never older
        head = int(driver.execute(HEAD).fetchone()[0])
        if head != self._head or len(self._masks) > REMEMBERED:
            self._masks.clear()
            self._head = head
        missing = {p: c for p, c in people.items() if (c, p) not in self._masks}
        if missing:
            self._masks.update(self._folded(db, missing))
        return {p: self._masks[c, p] for p, c in people.items()}

    def _kept(self) -> tuple[sa.Connection, Any]:
        """Return this thread's own connection, as the library and as the driver know it; opened on first need."""
        kept: tuple[sa.Connection, Any] | None = getattr(self._own, "kept", None)
        if kept is None:
            db = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            kept = self._own.kept = db, db.connection.driver_connection
        return kept

    def close(self) -> None:
        """Let this thread's connection go."""
        kept = getattr(self._own, "kept", None)
        if kept is not None:
            self._own.kept = None
            kept[0].invalidate()
            kept[0].close()

    def _folded(self, db: sa.Connection, people: Mapping[str, str]) -> dict[tuple[str, str], int]:
        known: dict[tuple[str, str], tuple[str, str]] = {}
        for portion in portions(list(people)):
            rows = db.execute(PEOPLE.where(PLACE.c.key.in_(portion or ())))
            known.update({(r.subject, r.key): (r.id, r.age_band) for r in rows})
        facts = self._consents.by_person([id for id, _ in known.values()]) if known else {}
        found = {}
        for person, subject in people.items():
            id, band = known.get((subject, person), ("", ""))
            found[subject, person] = self._fold(facts.get(id, []), subject, band)
        return found

    def _fold(self, facts: list[Fact], subject: str, band: str) -> int:
        known = Band.parse(band)
        minor = known is not None and known.reaches_below(self._under)
        return fold(facts, self._rules, subject, minor=minor)
