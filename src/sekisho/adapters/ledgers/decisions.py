"""Taking decisions: many requests in one transaction, each once under its idempotency key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import (
    CHANGE,
    CLIENT,
    FACT,
    FOLLOWED,
    PERSON,
    PORTION,
    REQUEST,
    among,
    head,
    insert,
    writing,
)
from sekisho.adapters.ledgers.consent import Consents
from sekisho.adapters.ledgers.people import People
from sekisho.consent.book import Choices, Who
from sekisho.consent.facts import Fact
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput
from sekisho.people.model import Place


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request: whose it was, its facts' numbers, and the position that stores follow to.

    `again` says that it had been taken before. A request of which nothing was taken says why in `trouble`.
    """

    person: str = ""
    first: int = 0
    last: int = 0
    position: int = 0
    again: bool = False
    trouble: str = ""


Request = tuple[str, Choices]
"""Which client asks, and what somebody decided."""

CLASH = "this idempotency key was used for another request"
OVERTAKEN = "a later decision of this person is in the ledger"
STRANGER = "nobody is known under this id"


def key_of(client: str, key: str) -> str:
    """Return the name under which a request is remembered; the key itself may tell something and is not kept."""
    return hashlib.sha256(f"{client}\n{key}".encode()).hexdigest()


class Decisions:
    """The way of decisions into the books."""

    def __init__(self, engine: Engine, people: People) -> None:
        self._engine, self._people = engine, people

    def take(
        self, batch: Sequence[Request], *, dated: bool = False, told: Callable[[int], None] = lambda count: None
    ) -> list[Taken]:
        """Take requests, durable on return, in one transaction; each has its own outcome.

        `dated` says that their instants were told and not taken here: what a later decision has overtaken is left out.
        `told` hears how many are done.
        """
        outcomes: list[Taken] = []
        with writing(self._engine) as db:
            for start in range(0, len(batch), PORTION):
                outcomes += self._within(db, batch[start : start + PORTION], dated)
                told(len(outcomes))
        return outcomes

    def _within(self, db: sa.Connection, batch: Sequence[Request], dated: bool) -> list[Taken]:
        names = [key_of(client, c.key) if c.key else "" for client, c in batch]
        known = self._known(db, [n for n in names if n])
        people = self._people_of(db, [c.who for _, c in batch])
        later = self._latest(db, list(people.values())) if dated else {}
        number, outcomes = head(db, FACT) + 1, []
        facts: list[Fact] = []
        fresh: list[dict[str, object]] = []
        for (client, choices), name in zip(batch, names, strict=True):
            body, person = choices.digest(dated=dated), people.get(choices.who)
            if name in known:
                before, taken = known[name]
                outcomes.append(taken if before == body else Taken(trouble=CLASH))
            elif person is None:
                outcomes.append(Taken(trouble=STRANGER))
            elif any(later.get((person, c.number), "") > stamp.rfc3339(choices.at) for c in choices.choices):
                outcomes.append(Taken(trouble=OVERTAKEN))
            else:
                taken = Taken(person, number + len(facts), number + len(facts) + len(choices.choices) - 1)
                facts += choices.facts(person)
                outcomes.append(taken)
                if name:
                    known[name] = (body, replace(taken, again=True))
                    fresh.append(_remembered(name, body, client, taken))
        Consents.within(db, facts)
        insert(db, REQUEST, fresh)
        top = head(db, CHANGE)
        return [t if t.trouble else replace(t, position=top) for t in outcomes]

    def _people_of(self, db: sa.Connection, who: Sequence[Who]) -> dict[Who, str]:
        """Return person ids; rows that nobody stood for get a person, ids that nobody has are left out."""
        ids = [w for w in who if isinstance(w, str)]
        found: dict[Who, str] = {}
        if ids:
            found.update(
                {i: i for i in db.execute(sa.select(PERSON.c.id).where(among(db, PERSON.c.id, ids))).scalars()}
            )
        places = self._people.within(db, [Place(*w) for w in who if isinstance(w, tuple)])
        return found | {(p.store, p.subject, p.key): person for p, person in places.items()}

    @staticmethod
    def _known(db: sa.Connection, names: Sequence[str]) -> dict[str, tuple[str, Taken]]:
        rows = db.execute(sa.select(REQUEST).where(among(db, REQUEST.c.key, names)))
        return {r.key: (r.body, Taken(r.person, r.first, r.last, again=True)) for r in rows}

    @staticmethod
    def _latest(db: sa.Connection, people: Sequence[str]) -> dict[tuple[str, int], str]:
        """Return (person, purpose's number) → when they last decided about it."""
        newest = sa.select(FACT.c.person, FACT.c.number, sa.func.max(FACT.c.at)).where(among(db, FACT.c.person, people))
        rows = db.execute(newest.group_by(FACT.c.person, FACT.c.number))
        return {(person, number): at for person, number, at in rows}

    # -- how far stores are --------------------------------------------------------------------------------------

    def followed(self, store: str, position: int) -> None:
        """Remember how far a store has followed, for doors that open no store."""
        with writing(self._engine) as db:
            db.execute(sa.delete(FOLLOWED).where(FOLLOWED.c.store == store))
            db.execute(sa.insert(FOLLOWED).values(store=store, position=position))

    def hold(self) -> sa.Connection:
        """Return a connection that does nothing but stay open."""
        return self._engine.connect()

    def positions(self) -> dict[str, int]:
        """Return store → how far it had followed when it last said so."""
        with self._engine.connect() as db:
            return {row.store: int(row.position) for row in db.execute(sa.select(FOLLOWED))}

    # -- clients -------------------------------------------------------------------------------------------------

    def admit(self, name: str) -> str:
        """Make a client and return its key, which is kept nowhere; raises BadInput where the name is taken."""
        key = f"sekisho_{stamp.nonce(32).hex()}"
        with writing(self._engine) as db:
            if db.execute(sa.select(CLIENT.c.name).where(CLIENT.c.name == name)).first() is not None:
                raise BadInput(f"there is a client `{name[:60]}` already", help="remove it first, or take another name")
            row = {"name": name, "hash": hash_of(key), "since": stamp.rfc3339(stamp.now())}
            db.execute(sa.insert(CLIENT).values(row))
        return key

    def dismiss(self, name: str) -> bool:
        """Take a client's key away; says whether there was one."""
        with writing(self._engine) as db:
            return bool(db.execute(sa.delete(CLIENT).where(CLIENT.c.name == name)).rowcount)

    def clients(self) -> list[tuple[str, str, str]]:
        """Return name, hash of the key, and since when, of each client."""
        with self._engine.connect() as db:
            return [(r.name, r.hash, r.since) for r in db.execute(sa.select(CLIENT).order_by(CLIENT.c.name))]


def hash_of(key: str) -> str:
    """Return what is kept of an API key; it is random, so a plain digest tells nothing."""
    return hashlib.sha256(key.encode()).hexdigest()


def _remembered(name: str, body: str, client: str, taken: Taken) -> dict[str, object]:
    return {
        "key": name,
        "body": body,
        "client": client,
        "person": taken.person,
        "first": taken.first,
        "last": taken.last,
    }
