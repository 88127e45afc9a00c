"""The consent ledger: facts in the order they came, append-only by trigger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import CHANGE, FACT, append, head, portions, writing
from sekisho.consent.facts import Decision, Fact
from sekisho.ground import stamp


class Consents:
    """Consent facts in the books."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, facts: Sequence[Fact]) -> None:
        """Record decisions durably, all or none."""
        with writing(self._engine) as db:
            self.within(db, facts)

    @staticmethod
    def within(db: sa.Connection, facts: Sequence[Fact]) -> int:
        """Append facts in a writer's transaction; returns the number of the first."""
        if not facts:
            return 0
        first = append(db, FACT, [_row(f) for f in facts])
        append(db, CHANGE, [{"person": p} for p in dict.fromkeys(f.person for f in facts)])
        return first

    def position(self) -> int:
        """Return the head of the ledgers, which stores follow to."""
        with self._engine.connect() as db:
            return head(db, CHANGE)

    def last(self) -> int:
        """Return the number of the newest fact; facts are numbered from one on without a gap."""
        with self._engine.connect() as db:
            return head(db, FACT)

    def changes(self, since: int) -> tuple[int, list[str]]:
        """Return the head of the ledgers and the people whose standing may have changed after `since`."""
        with self._engine.connect() as db:
            top = head(db, CHANGE)
            people = db.execute(sa.select(CHANGE.c.person).where(CHANGE.c.seq > since, CHANGE.c.seq <= top).distinct())
            return top, list(people.scalars())

    def after(self, count: int, most: int) -> list[Fact]:
        """Return up to `most` facts after the first `count`, in order: those that are not in the evidence log yet."""
        with self._engine.connect() as db:
            # facts are numbered from one on without a gap
            return [
                _fact(r) for r in db.execute(sa.select(FACT).where(FACT.c.seq > count).order_by(FACT.c.seq).limit(most))
            ]

    def numbered(self, person: str) -> list[tuple[int, Fact]]:
        """Return a person's facts with their numbers, in order."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(FACT).where(FACT.c.person == person).order_by(FACT.c.seq))
            return [(int(r.seq), _fact(r)) for r in rows]

    def by_person(self, people: Sequence[str] | None = None) -> dict[str, list[Fact]]:
        """Return person id → facts in order; of everybody when no one is named."""
        query = sa.select(FACT).order_by(FACT.c.seq)
        found: dict[str, list[Fact]] = {}
        with self._engine.connect() as db:
            for portion in portions(people):
                chosen = query if portion is None else query.where(FACT.c.person.in_(portion))
                for fact in map(_fact, db.execute(chosen)):
                    found.setdefault(fact.person, []).append(fact)
        return found


def _row(fact: Fact) -> dict[str, object]:
    return {
        "person": fact.person,
        "purpose": fact.purpose,
        "number": fact.number,
        "decision": fact.decision.value,
        "text": fact.text,
        "version": fact.version,
        "language": fact.language,
        "method": fact.method,
        "at": stamp.rfc3339(fact.at),
        "by": fact.by,
    }


def _fact(row: sa.Row[Any]) -> Fact:
    return Fact(
        row.person,
        row.purpose,
        row.number,
        Decision(row.decision),
        row.text,
        row.version,
        row.language,
        row.method,
        datetime.fromisoformat(row.at),
        row.by,
    )
