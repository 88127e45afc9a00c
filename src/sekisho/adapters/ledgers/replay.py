"""Decisions that the evidence log holds and restored books lack: they are entered again, in their order.

Facts are numbered as their entries are, one for one, so the books hold again what people decided, and the next decision
is witnessed as the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import CHANGE, FACT, PERSON, append, head, portions, writing
from sekisho.evidence.kinds import Entry
from sekisho.ground import stamp

BY = "replayed"
"""Who said so, where only the evidence log knows of the decision: that the person's own words are not at hand."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many decisions were entered again, and how many of them are of people whom the books do not know."""

    decisions: int
    unknown: int


def facts(engine: Engine) -> int:
    """Return how many decisions the books hold."""
    with engine.connect() as db:
        return head(db, FACT)


def changes(engine: Engine) -> int:
    """Return how many changes of standing the books have numbered."""
    with engine.connect() as db:
        return head(db, CHANGE)


def replay(engine: Engine, entries: Sequence[Entry], furthest: int) -> Replayed:
    """Enter decisions of the log after those that are there, all or none; someone unknown keeps their handle for an id.

    `furthest` is how far a store has followed: what changed gets numbers after it, so that every store follows it.
    """
    with writing(engine) as db:
        ids = _ids(db, [str(e.fields["person"]) for e in entries])
        rows = [_row(e.fields, ids.get(str(e.fields["person"])), stamp.rfc3339(e.at)) for e in entries]
        append(db, FACT, rows)
        _fill(db, furthest)
        known = set(ids.values())
        append(db, CHANGE, [{"person": p} for p in dict.fromkeys(str(r["person"]) for r in rows) if p in known])
    return Replayed(len(rows), sum(1 for r in rows if r["person"] not in known))


def skip(engine: Engine, furthest: int) -> None:
    """Give no number up to `furthest` again: a store took it for another change, and would not follow a new one."""
    with writing(engine) as db:
        _fill(db, furthest)


def _fill(db: sa.Connection, furthest: int) -> None:
    append(db, CHANGE, [{"person": ""}] * max(0, furthest - head(db, CHANGE)))


def _ids(db: sa.Connection, handles: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for portion in portions(list(dict.fromkeys(handles))):
        rows = db.execute(sa.select(PERSON.c.handle, PERSON.c.id).where(PERSON.c.handle.in_(portion or ())))
        found.update({r.handle: r.id for r in rows})
    return found


def _row(fields: Mapping[str, object], person: str | None, at: str) -> dict[str, object]:
    copied = ("purpose", "number", "decision", "text", "version", "language", "method")
    return {"person": person or fields["person"], **{n: fields[n] for n in copied}, "at": at, "by": BY}
