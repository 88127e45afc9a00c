"""The ledger of people: random ids and handles, where their rows are, and handles for those who act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import (
    ACTOR,
    CHANGE,
    FACT,
    PERSON,
    PLACE,
    PORTION,
    among,
    append,
    insert,
    portions,
    writing,
)
from sekisho.ground import stamp
from sekisho.people.model import Person, Place


class People:
    """People and actors in the books."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def register(self, store: str, subject: str, keys: Sequence[str], bands: Mapping[str, str] | None = None) -> int:
        """Make people for keys that have none yet and remember age bands; returns how many are new."""
        bands = bands or {}
        with writing(self._engine) as db:
            known = set(self._known(db, store, subject, keys))
            fresh = [Place(store, subject, k) for k in dict.fromkeys(keys) if k not in known]
            ids = self._make(db, fresh, bands)
            append(db, CHANGE, [{"person": ids[p]} for p in fresh if bands.get(p.key)])
        return len(fresh)

    @staticmethod
    def _make(db: sa.Connection, places: Sequence[Place], bands: Mapping[str, str]) -> dict[Place, str]:
        ids = {p: stamp.handle() for p in places}
        people = [
            {"id": ids[p], "handle": stamp.handle(), "subject": p.subject, "age_band": bands.get(p.key, "")}
            for p in places
        ]
        insert(db, PERSON, people)
        insert(db, PLACE, [{"store": p.store, "subject": p.subject, "key": p.key, "person": ids[p]} for p in places])
        return ids

    def within(self, db: sa.Connection, places: Iterable[Place]) -> dict[Place, str]:
        """Return place → person id in a writer's transaction, making people where nobody is known."""
        found, wanted = {}, list(dict.fromkeys(places))
        for store, subject in dict.fromkeys((p.store, p.subject) for p in wanted):
            keys = [p.key for p in wanted if (p.store, p.subject) == (store, subject)]
            query = sa.select(PLACE.c.key, PLACE.c.person).where(PLACE.c.store == store, PLACE.c.subject == subject)
            rows = db.execute(query.where(among(db, PLACE.c.key, keys)))
            found.update({Place(store, subject, key): person for key, person in rows})
        return found | self._make(db, [p for p in wanted if p not in found], {})

    @staticmethod
    def _known(db: sa.Connection, store: str, subject: str, keys: Sequence[str]) -> Iterable[str]:
        for start in range(0, len(keys), PORTION):
            yield from db.execute(
                sa.select(PLACE.c.key).where(
                    PLACE.c.store == store, PLACE.c.subject == subject, PLACE.c.key.in_(keys[start : start + PORTION])
                )
            ).scalars()

    def person(self, place: Place) -> Person | None:
        """Return the person whose row stands there, or None."""
        with self._engine.connect() as db:
            row = db.execute(
                sa.select(PERSON)
                .join(PLACE, PLACE.c.person == PERSON.c.id)
                .where(PLACE.c.store == place.store, PLACE.c.subject == place.subject, PLACE.c.key == place.key)
            ).first()
        return None if row is None else Person(row.id, row.handle, row.subject, row.age_band)

    def handles(self, store: str, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return (class, key) → handle for those who are known, in few statements."""
        wanted: dict[str, list[str]] = {}
        for subject, key in dict.fromkeys(pairs):
            wanted.setdefault(subject, []).append(key)
        found = {}
        with self._engine.connect() as db:
            for subject, keys in wanted.items():
                for start in range(0, len(keys), PORTION):
                    rows = db.execute(
                        sa.select(PLACE.c.key, PERSON.c.handle)
                        .join(PERSON, PERSON.c.id == PLACE.c.person)
                        .where(PLACE.c.store == store, PLACE.c.subject == subject)
                        .where(PLACE.c.key.in_(keys[start : start + PORTION]))
                    )
                    found.update({(subject, key): handle for key, handle in rows})
        return found

    def ids(self, store: str, subject: str) -> dict[str, str]:
        """Return key → person id for everybody of a class in a store."""
        with self._engine.connect() as db:
            rows = db.execute(
                sa.select(PLACE.c.key, PLACE.c.person).where(PLACE.c.store == store, PLACE.c.subject == subject)
            )
            return {row.key: row.person for row in rows}

    def with_band(self, only: Sequence[str] | None = None) -> dict[str, Person]:
        """Return the people whose age band is known, by id; of everybody when no one is named."""
        query = sa.select(PERSON).where(PERSON.c.age_band != "")
        found = {}
        with self._engine.connect() as db:
            for portion in portions(only):
                chosen = query if portion is None else query.where(PERSON.c.id.in_(portion))
                found.update({r.id: Person(r.id, r.handle, r.subject, r.age_band) for r in db.execute(chosen)})
        return found

    def handles_of(self, ids: Sequence[str]) -> dict[str, str]:
        """Return person id → handle."""
        found = {}
        with self._engine.connect() as db:
            for portion in portions(list(dict.fromkeys(ids))):
                rows = db.execute(sa.select(PERSON.c.id, PERSON.c.handle).where(PERSON.c.id.in_(portion or ())))
                found.update({r.id: r.handle for r in rows})
        return found

    def places(self, people: Iterable[str]) -> dict[str, list[Place]]:
        """Return person id → places."""
        ids = list(dict.fromkeys(people))
        found: dict[str, list[Place]] = {}
        with self._engine.connect() as db:
            for start in range(0, len(ids), PORTION):
                rows = db.execute(sa.select(PLACE).where(PLACE.c.person.in_(ids[start : start + PORTION])))
                for row in rows:
                    found.setdefault(row.person, []).append(Place(row.store, row.subject, row.key))
        return found

    def actor(self, label: str) -> str:
        """Return the handle of somebody who acts (`os:anna`, `service:shop`), made on first need."""
        query = sa.select(ACTOR.c.handle).where(ACTOR.c.label == label)
        with self._engine.connect() as db:
            known = db.execute(query).scalar()
        if known is not None:
            return str(known)
        with writing(self._engine) as db:
            # another process may have made it meanwhile
            known = db.execute(query).scalar()
            if known is None:
                known = stamp.handle()
                db.execute(sa.insert(ACTOR).values(handle=known, label=label))
            return str(known)

    def deciding(self, store: str) -> set[str]:
        """Return the classes of a store's people of whom somebody has decided something."""
        query = sa.select(PLACE.c.subject).where(PLACE.c.store == store, PLACE.c.person == FACT.c.person).distinct()
        with self._engine.connect() as db:
            return set(db.execute(query).scalars())

    def forget(self, person: str) -> None:
        """Forget a person's handle and places: what evidence says about the handle is then about nobody."""
        with writing(self._engine) as db:
            db.execute(sa.delete(PLACE).where(PLACE.c.person == person))
            db.execute(sa.delete(PERSON).where(PERSON.c.id == person))
