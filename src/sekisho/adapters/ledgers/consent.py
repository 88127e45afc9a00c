"""The consent ledger: facts in the order they came, append-only by trigger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import FACT
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

    def by_person(self, people: Sequence[str] | None = None) -> dict[str, list[Fact]]:
        """Return person id → facts in order; of everybody when no one is named."""
        query = sa.select(FACT).order_by(FACT.c.seq)
        if people is not None:
            query = query.where(FACT.c.person.in_(people))
        found: dict[str, list[Fact]] = {}
        with self._engine.connect() as db:
            for r in db.execute(query):
                fact = Fact(
                    r.person,
                    r.purpose,
                    r.number,
                    Decision(r.decision),
                    r.text,
                    r.version,
                    r.language,
                    r.method,
                    datetime.fromisoformat(r.at),
                    r.by,
                )
                found.setdefault(r.person, []).append(fact)
        return found
