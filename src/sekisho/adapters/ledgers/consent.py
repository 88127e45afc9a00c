"""The consent ledger: facts in the order they came, append-only by trigger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import CHANGE, FACT, portions
from sekisho.consent.facts import Decision, Fact
from sekisho.ground import stamp


class Consents:
    """Consent facts in the books."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, facts: Sequence[Fact]) -> None:
        """Record decisions durably, all or none."""
        if not facts:
            return
        rows = [
            {
                "person": f.person,
                "purpose": f.purpose,
                "number": f.number,
                "decision": f.decision.value,
                "text": f.text,
                "version": f.version,
                "language": f.language,
                "method": f.method,
                "at": stamp.rfc3339(f.at),
                "by": f.by,
            }
            for f in facts
        ]
        with self._engine.begin() as db:
            db.execute(sa.insert(FACT), rows)
            db.execute(sa.insert(CHANGE), [{"person": p} for p in dict.fromkeys(f.person for f in facts)])

    def changes(self, since: int) -> tuple[int, list[str]]:
        """Return the head of the ledgers and the people whose standing may have changed after `since`."""
        with self._engine.connect() as db:
            head = db.execute(sa.select(sa.func.coalesce(sa.func.max(CHANGE.c.seq), 0))).scalar_one()
            people = db.execute(sa.select(CHANGE.c.person).where(CHANGE.c.seq > since, CHANGE.c.seq <= head).distinct())
            return int(head), list(people.scalars())

    def after(self, count: int, most: int) -> list[Fact]:
        """Return up to `most` facts after the first `count`, in order: those that are not in the evidence log yet."""
        with self._engine.connect() as db:
            return [_fact(r) for r in db.execute(sa.select(FACT).order_by(FACT.c.seq).offset(count).limit(most))]

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
