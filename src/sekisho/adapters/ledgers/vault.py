"""The vault: what came in about people and has no home in a store, sealed under a key for each person.

Keys come first, rows after: what dies between the two leaves a key without rows, never rows without a key. Erasure goes
the other way round, and is done when the key is destroyed; the rows that are deleted then are unreadable already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.keystore import KeyStore
from sekisho.adapters.ledgers.vaulttables import PORTION, RECORD, portions, writing
from sekisho.adapters.ledgers.vaultuse import Batched, Ports, Read, Terms, Use
from sekisho.gate import permit as permits
from sekisho.gate.decide import Ask
from sekisho.gate.permit import LoginKey, Place
from sekisho.gate.session import Issued
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Refused
from sekisho.ground.personal import Personal
from sekisho.policy.model import Policy
from sekisho.vault.blind import KINDS, Identifier, keyed
from sekisho.vault.reading import STORE, Deed, decide, sight
from sekisho.vault.record import New, Sensitivity, belongs, divide, pack, unpack
from sekisho.vault.seal import NONCE, seal, unseal
from sekisho.vault.secret import Secret

TOGETHER = 2000
"""Records that an import keeps in one transaction."""
PERMIT = permits.Terms(permits.Scope.SESSION, single=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """Where something lies: its person, its record, and whether it came in before under the same key."""

    person: str
    record: str
    there: bool = False


@dataclass(slots=True)
class Imported:
    """What an import did: records stored, records that were there, records refused because their person was erased."""

    stored: int = 0
    there: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class _Ready:
    """A new record, checked: its number, look-up values by kind, and what is to be sealed by class."""

    new: New
    record: bytes
    marks: Mapping[str, bytes]
    texts: Mapping[Sensitivity, bytes]


class Vault:
    """Sealed records of people in a database of their own."""

    def __init__(
        self,
        engine: Engine,
        keys: KeyStore,
        policy: Policy,
        ports: Ports,
        actor: str,
        clock: stamp.Clock = stamp.now,
    ) -> None:
        """Hold database, keys, policy, the ports, and the handle of who acts."""
        self._engine, self._keys, self._policy, self._ports = engine, keys, policy, ports
        self._deeds, self._actor, self._clock = ports.deeds, actor, clock
        self._login = LoginKey(stamp.nonce(8).hex(), STORE, stamp.nonce(32))

    # -- writing -------------------------------------------------------------------------------------------------

    def store(self, new: New) -> Stored:
        """Seal and keep one record, durable on return; raises Refused where its person was erased."""
        (stored,) = self._portion([self._ready(new)])
        if stored is None:
            raise Refused(
                "this belongs to somebody who was erased",
                help="where the person gave it anew through a declared channel, say `fresh`",
            )
        if not stored.there:
            self._deeds(Deed("store", self._actor, [(new.subject, stored.person)], 1))
        return stored

    def load(
        self, news: Iterable[New], told: Callable[[Imported], None] = lambda done: None, portion: int = TOGETHER
    ) -> Imported:
        """Seal and keep many, a portion at a time, and tell how far it is after each.

        A portion is kept whole or not at all. Where one is wrong, BadInput names its place, and what came before is
        kept: with idempotency keys the same import is simply run again.
        """
        done, rest, count = Imported(), iter(news), 0
        while some := list(islice(rest, portion)):
            ready = []
            for number, new in enumerate(some, count + 1):
                try:
                    ready.append(self._ready(new))
                except BadInput as error:
                    raise BadInput(str(error), help=error.help, place=f"record {number}") from None
            count += len(some)
            for stored in self._portion(ready):
                done.refused += stored is None
                done.there += stored is not None and stored.there
                done.stored += stored is not None and not stored.there
            told(done)
        if done.stored:
            self._deeds(Deed("import", self._actor, [], done.stored))
        return done

    def _ready(self, new: New) -> _Ready:
        texts = {c: pack(t) for c, t in divide(self._policy, new.subject, new.values).items()}
        marks = self._looked_up(new.identifiers)
        if new.person and len(_person(new.person)) != 16:
            raise BadInput("this is not a person of the vault", help="give the number that it gave")
        record = keyed(self._keys.numbers, b"record:" + new.key.encode()) if new.key else stamp.nonce(16)
        return _Ready(new, record, marks, texts)

    def _looked_up(self, identifiers: Sequence[Identifier]) -> dict[str, bytes]:
        marks = {i.kind: self._keys.look_up(i) for i in identifiers}
        if len(marks) < len(identifiers):
            raise BadInput("a record has one identifier of each kind", help="give the other with a record of its own")
        return marks

    def _portion(self, ready: Sequence[_Ready]) -> list[Stored | None]:
        """Keep a portion in one transaction; None for what belongs to somebody who was erased."""
        with writing(self._engine) as db:
            there = self._there(db, [r.record for r in ready])
            erased = self._erased([r for r in ready if r.record not in there])
            fresh = {r.record: r for r in reversed(ready) if r.record not in there and r.record not in erased}
            people = {record: _person(r.new.person) or stamp.nonce(16) for record, r in fresh.items()}
            keys = self._keys.make([p.hex() for p in people.values()])
            rows = [row for n, r in fresh.items() for row in _sealed(r, people[n], keys[people[n].hex()])]
            if rows:
                db.execute(sa.insert(RECORD), rows)
        stored: list[Stored | None] = []
        for r in ready:
            person = there.get(r.record) or people.get(r.record)
            stored.append(None if person is None else Stored(person.hex(), r.record.hex(), r.record in there))
            if person is not None:
                there[r.record] = person
        return stored

    @staticmethod
    def _there(db: sa.Connection, records: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for portion in portions(records):
            rows = db.execute(sa.select(RECORD.c.record, RECORD.c.person).where(RECORD.c.record.in_(portion)))
            found.update({bytes(r.record): bytes(r.person) for r in rows})
        return found

    def _erased(self, ready: Sequence[_Ready]) -> set[bytes]:
        """Return which records may not come in; what the person gave anew is taken out of the register first."""
        register = self._keys.register
        register.lift([register.mark(k, m) for r in ready if r.new.fresh for k, m in r.marks.items()])
        marks = {r.record: self._marks(r) for r in ready}
        found = register.among([m for some in marks.values() for m in some])
        return {record for record, some in marks.items() if found.intersection(some)}

    def _marks(self, ready: _Ready) -> list[bytes]:
        mark = self._keys.register.mark
        marks = [mark(k, m) for k, m in ready.marks.items()] + [mark("record", ready.record)]
        return [*marks, mark("person", _person(ready.new.person))] if ready.new.person else marks

    def correct(
        self,
        person: str,
        record: str,
        values: Mapping[str, Personal[str] | None],
        identifiers: Sequence[Identifier] | None = None,
    ) -> None:
        """Put values in the place of those that were wrong, None for what is to go; the old sealed texts are destroyed.

        `identifiers` replace the record's own. Raises Refused for who is unknown or erased, StoreTrouble where somebody
        else corrects the same record at the same moment.
        """
        number, id = _person(person), _person(record)
        with writing(self._engine) as db:
            query = sa.select(RECORD).where(RECORD.c.record == id, RECORD.c.person == number)
            rows = db.execute(query.order_by(RECORD.c.sealed_as)).all()
            key = self._keys.keys([person] if rows else []).get(person)
            if key is None:
                raise Refused("there is no such record of this person", help="unknown and erased give this one answer")
            texts = {c: t for row in rows for c, t in _opened(row, key).items()}
            merged = {c: Personal(t) for c, t in texts.items() if c not in values}
            merged |= {c: v for c, v in values.items() if v is not None}
            parts = divide(self._policy, rows[0].subject, merged)
            old = {k: bytes(m) for k in KINDS if (m := rows[0]._mapping[k]) is not None}
            marks = old if identifiers is None else self._looked_up(identifiers)
            version = max(row.version for row in rows) + 1
            ready = _Ready(New(rows[0].subject, merged), id, marks, {c: pack(t) for c, t in parts.items()})
            db.execute(sa.delete(RECORD).where(RECORD.c.record == id))
            db.execute(sa.insert(RECORD), _sealed(ready, number, key, version))
        self._deeds(Deed("correct", self._actor, [(rows[0].subject, person)], 1))

    def erase(self, people: Sequence[str]) -> bool:
        """Erase people: their keys are destroyed, so everything of theirs is unreadable at once, then rows deleted.

        True where no byte of the keys is left in the key store; see `KeyStore.destroy`. Who is unknown is erased too:
        nothing of theirs will ever be taken in.
        """
        numbers = [n for n in dict.fromkeys(map(_person, people)) if len(n) == 16]
        found: dict[bytes, str] = {}
        marks: set[bytes] = set()
        mark, records = self._keys.register.mark, 0
        with writing(self._engine) as db:
            # nobody stores meanwhile, so that the register has all that belongs to them
            for portion in portions(numbers):
                for row in db.execute(sa.select(RECORD).where(RECORD.c.person.in_(portion))):
                    found[bytes(row.person)] = row.subject
                    records += mark("record", bytes(row.record)) not in marks
                    marks.add(mark("record", bytes(row.record)))
                    marks.update(mark(k, bytes(m)) for k in KINDS if (m := row._mapping[k]) is not None)
            gone = self._keys.destroy([n.hex() for n in numbers], sorted(marks))
            _delete(db, numbers)
        self._deeds(Deed("erase", self._actor, [(c, n.hex()) for n, c in found.items()], records))
        return gone

    def tidy(self, after: str = "", most: int = PORTION) -> str | None:
        """Delete rows of erased people, which a death half way or a restored backup left, among the next people.

        Returns the person to go on from, None at the end. Rows whose key is only missing stay: it may come back.
        """
        with self._engine.begin() as db:
            query = sa.select(RECORD.c.person).distinct().where(RECORD.c.person > _person(after))
            some = [bytes(p) for p in db.execute(query.order_by(RECORD.c.person).limit(most)).scalars()]
            marks = {self._keys.register.mark("person", p): p for p in some}
            _delete(db, [marks[m] for m in self._keys.register.among(list(marks))])
        return some[-1].hex() if some else None

    # -- reading -------------------------------------------------------------------------------------------------

    def use(self, purpose: str, reason: str, person: str = "", mode: Batched | None = None) -> Use:
        """Open a use for a purpose and a reason; `person` is whose request it is, for `answer-requests`.

        It is witnessed before it can be used. Without a mode each reading is durable before it is given. Raises Refused
        with the clause, NotWitnessed.
        """
        ask = Ask(STORE, purpose, self._actor, reason, person)
        verdict = decide(self._policy, ask)
        stated = self._policy.purpose(purpose)
        if not verdict.allowed or stated is None:
            self._ports.witness.refused(STORE, ask, verdict.code, verdict.clause)
            raise Refused(verdict.says, help=verdict.help, clause=verdict.clause)
        place = Place(STORE, STORE, 0)
        permit = permits.make(ask, stated.number, place, PERMIT, self._login, at=self._clock(), nonce=stamp.nonce(16))
        token = permits.sign(permit, self._login)
        self._ports.witness.permit_issued(Issued(token, permit, 0), verdict.clause, reason)
        digest, until = permits.digest(token).hex(), permits.until(permit)
        terms = Terms(sight(self._policy, stated), ask, digest, until)
        return Use(self._engine, self._keys, self._ports, terms, mode, self._clock)

    def read(self, person: str, purpose: str, reason: str) -> Read:
        """Return what a purpose sees of one person, witnessed before it is given; raises Refused with the clause."""
        with self.use(purpose, reason, person) as use:
            return use.read(person)


def _delete(db: sa.Connection, people: Sequence[bytes]) -> None:
    for some in portions(people):
        db.execute(sa.delete(RECORD).where(RECORD.c.person.in_(some)))


def _person(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _sealed(ready: _Ready, person: bytes, key: Secret, version: int = 1) -> list[dict[str, object]]:
    """Return the rows of a record, one for each class; the first holds its look-up values."""
    rows: list[dict[str, object]] = []
    for sealed_as in sorted(ready.texts):
        place = belongs(person, ready.record, sealed_as, version)
        rows.append(
            {
                "record": ready.record,
                "sealed_as": int(sealed_as),
                "person": person,
                "subject": ready.new.subject,
                "version": version,
                "sealed": seal(key, ready.texts[sealed_as], place, stamp.nonce(NONCE)),
                **{kind: None if rows else ready.marks.get(kind) for kind in KINDS},
            }
        )
    return rows


def _opened(row: Any, key: Secret) -> dict[str, str]:
    place = belongs(bytes(row.person), bytes(row.record), Sensitivity(row.sealed_as), row.version)
    return unpack(unseal(key, bytes(row.sealed), place))
