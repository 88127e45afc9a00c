"""Reading from the vault: a use is opened for a purpose and a reason, witnessed first, and sees whom it may."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Protocol, Self

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.keystore import KeyStore
from sekisho.adapters.ledgers.vaulttables import RECORD, away, portions
from sekisho.gate.decide import Ask
from sekisho.gate.session import Carried, Issued, Reading
from sekisho.ground import stamp
from sekisho.ground.canon import text_digest
from sekisho.ground.errors import NotWitnessed, Refused, StoreTrouble
from sekisho.vault.blind import Identifier
from sekisho.vault.reading import ANSWER, STORE, Deeds, Sight, Standing
from sekisho.vault.record import Record, Sensitivity, belongs, shown, unpack
from sekisho.vault.seal import unseal
from sekisho.vault.secret import Secret

READ, LOOKED_UP = text_digest("vault: read the records of people"), text_digest("vault: look up an identifier")
"""What stands in evidence in the place of a statement."""
FIELDS = (RECORD.c.person, RECORD.c.record, RECORD.c.sealed_as, RECORD.c.subject, RECORD.c.version, RECORD.c.sealed)
Row = tuple[bytes, bytes, int, str, int, bytes]
"""person, record, class, class of people, version, sealed."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a purpose sees of a person: their class, and their records."""

    person: str
    subject: str
    records: tuple[Record, ...]


class Witness(Protocol):
    """Where readings become durable before anything is given."""

    def reading(self, readings: Sequence[Reading]) -> None:
        """Record readings; raises NotWitnessed."""

    def carried(self, store: str, facts: Sequence[Carried]) -> None:
        """Record packed readings; raises NotWitnessed."""

    def refused(self, store: str, ask: Ask, code: str, clause: str) -> None:
        """Record a refusal."""


@dataclass(frozen=True, slots=True)
class Batched:
    """Readings are durable after at most `seconds`, or once `readings` of them wait; a crash loses no more."""

    seconds: float = 0.2
    readings: int = 1000


class Issuing(Witness, Protocol):
    """A witness that takes permits too."""

    def permit_issued(self, issued: Issued, clause: str, reason: str) -> None:
        """Record a permit, and keep the reason's words apart; raises NotWitnessed."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What the vault needs from other rooms: where people stand, who witnesses readings, who witnesses deeds."""

    standing: Standing
    witness: Issuing
    deeds: Deeds


@dataclass(frozen=True, slots=True)
class Terms:
    """What a use was opened for: what it sees, who asked, the digest of its permit, and until when it holds."""

    sight: Sight
    ask: Ask
    permit: str
    until: datetime


class Waiting:
    """Readings that wait to be witnessed; while they cannot be, nothing more is given."""

    def __init__(self, witness: Witness, mode: Batched | None, actor: str) -> None:
        """Begin for whoever acts; without a mode each reading is durable before it returns."""
        self._witness, self._mode, self._actor = witness, mode, actor
        self._guard = threading.Lock()
        self._list: list[Reading] = []
        self._timer: threading.Timer | None = None
        self._failed = False

    def add(self, reading: Reading) -> None:
        """Take a reading; raises NotWitnessed where it, or one before it, could not be witnessed."""
        with self._guard:
            self._list.append(reading)
            if self._mode is None or self._failed or len(self._list) >= self._mode.readings:
                self._flush()
            elif self._timer is None:
                self._timer = threading.Timer(self._mode.seconds, self._later)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Witness what waits."""
        with self._guard:
            self._flush()

    def _later(self) -> None:
        with self._guard:
            try:
                self._flush()
            except NotWitnessed:
                # it is kept, and the next reading is not given before this one is witnessed
                self._failed = True

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._list:
            if self._mode is None:
                self._witness.reading(self._list)
            else:
                self._witness.carried(STORE, [_packed(self._list, self._actor)])
            self._list = []
        self._failed = False


_PLACE = itemgetter(1, 2)


class Rows:
    """Fetches sealed rows, of one person by a prepared statement on a connection that is kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: sa.Connection | None = None
        self._driver: Any = None
        query = sa.select(*FIELDS).where(
            RECORD.c.person == sa.bindparam("person"),
            RECORD.c.sealed_as.between(sa.bindparam("low"), sa.bindparam("high")),
        )
        made = query.compile(dialect=engine.dialect)
        self._sql, self._places = str(made), made.positiontup if made.positional else None

    def of(self, person: bytes, classes: Sequence[Sensitivity]) -> list[Row]:
        """Return one person's rows."""
        bound: dict[str, Any] = {"person": person, "low": int(classes[0]), "high": int(classes[-1])}
        try:
            if self._kept is None:
                self._kept = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                self._driver = self._kept.connection.driver_connection
            values = bound if self._places is None else tuple(bound[p] for p in self._places)
            rows: list[Row] = self._driver.execute(self._sql, values).fetchall()
            # a few rows are sorted here quicker than there
            rows.sort(key=_PLACE)
        except (sa.exc.SQLAlchemyError, sqlite3.Error, psycopg.Error, StoreTrouble):
            if self._kept is not None:
                self._kept.invalidate()
            self.close()
            raise away() from None
        return rows

    def close(self) -> None:
        """Give the connection back."""
        if self._kept is not None:
            kept, self._kept, self._driver = self._kept, None, None
            kept.close()


class Use:
    """An open use of the vault for one purpose; closing it witnesses what waits."""

    def __init__(
        self, engine: Engine, keys: KeyStore, ports: Ports, terms: Terms, mode: Batched | None, clock: stamp.Clock
    ) -> None:
        self._rows, self._engine, self._keys, self._clock = Rows(engine), engine, keys, clock
        self._standing, self._witness, self._waiting = (
            ports.standing,
            ports.witness,
            Waiting(ports.witness, mode, terms.ask.actor),
        )
        self._sight, self._ask, self._terms = terms.sight, terms.ask, terms

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the use; raises NotWitnessed where readings that were given could not be witnessed."""
        self._rows.close()
        self._waiting.close()

    def read(self, person: str) -> Read:
        """Return what the purpose sees of a person; raises Refused for who is unknown, erased or does not stand."""
        at = self._at()
        rows = self._rows.of(_number(person), self._sight.opens)
        found = self._seen(rows)
        if person not in found:
            self._no(person)
        self._note(READ, at, found)
        return found[person]

    def read_all(self, people: Sequence[str]) -> dict[str, Read]:
        """Return person → what the purpose sees, of those who stand; one statement a portion, one entry for all."""
        at = self._at()
        rows: list[Row] = []
        with self._engine.connect() as db:
            for portion in portions([_number(p) for p in dict.fromkeys(people)]):
                query = sa.select(*FIELDS).where(
                    RECORD.c.person.in_(portion), RECORD.c.sealed_as.in_(self._sight.opens)
                )
                rows += [_row(r) for r in db.execute(query.order_by(RECORD.c.record, RECORD.c.sealed_as))]
        found = self._seen(rows)
        self._note(READ, at, found)
        return found

    def find(self, identifier: Identifier) -> tuple[str, ...]:
        """Return the people of an identifier who stand for the purpose, as numbers; their records stay sealed."""
        at, mark = self._at(), self._keys.look_up(identifier)
        with self._engine.connect() as db:
            query = sa.select(RECORD.c.person, RECORD.c.subject).distinct()
            rows = db.execute(query.where(RECORD.c[identifier.kind] == mark))
            people = {bytes(r.person).hex(): str(r.subject) for r in rows}
        living = self._living(self._who_stand(people))
        found = {p: Read(p, people[p], ()) for p in sorted(living)}
        self._note(LOOKED_UP, at, found)
        return tuple(found)

    def _at(self) -> datetime:
        at = self._clock()
        if at > self._terms.until:
            raise Refused("this use is over", help="open another one", clause=self._sight.clause)
        return at

    def _seen(self, rows: Sequence[Row]) -> dict[str, Read]:
        people = {bytes(row[0]).hex(): row[3] for row in rows}
        keys = self._living(self._who_stand(people))
        by_person: dict[str, dict[bytes, list[dict[str, str]]]] = {p: {} for p in keys}
        for row in rows:
            person = bytes(row[0]).hex()
            if person in keys:
                by_person[person].setdefault(bytes(row[1]), []).append(_opened(row, keys[person]))
        uses = self._sight.uses
        return {
            p: Read(p, people[p], tuple(shown(id.hex(), opened, uses) for id, opened in records.items()))
            for p, records in by_person.items()
        }

    def _living(self, people: Sequence[str]) -> dict[str, Secret]:
        """Return the keys of people, who are erased not among them; raises StoreTrouble where a key was lost."""
        keys = self._keys.keys(people)
        register = self._keys.register
        marks = [register.mark("person", _number(p)) for p in people if p not in keys]
        if marks and len(register.among(marks)) < len(marks):
            raise StoreTrouble(
                "a record is there whose key is not, and nobody erased it",
                help="the key store is older than the vault: restore a later backup of keys",
            )
        return keys

    def _who_stand(self, people: Mapping[str, str]) -> list[str]:
        masks = self._standing.masks(people)
        served = [p for p in people if self._ask.purpose != ANSWER or p == self._ask.subject]
        return [p for p in served if people[p] in self._sight.of and self._sight.stands(masks.get(p, 0))]

    def _no(self, person: str) -> None:
        self._witness.refused(STORE, self._ask, "does-not-stand", self._sight.clause)
        raise Refused(
            f"no records of this person are seen for purpose `{self._ask.purpose}`",
            help="unknown, erased and not standing for it give this one answer",
            clause=self._sight.clause,
        )

    def _note(self, statement: str, at: datetime, found: Mapping[str, Read]) -> None:
        """Witness a reading before it is given."""
        keys = tuple((r.subject, p) for p, r in found.items())
        rows = sum(max(1, len(r.records)) for r in found.values())
        self._waiting.add(
            Reading(
                STORE, self._ask.purpose, self._sight.clause, "named", statement, at, rows, keys, self._terms.permit
            )
        )


def _packed(readings: Sequence[Reading], actor: str) -> Carried:
    """Return the readings of one use as one entry: each statement stands once, and which reading ran which."""
    first, statements = readings[0], list(dict.fromkeys(r.statement for r in readings))
    data = {
        "grade": first.grade,
        "actor": actor,
        "permit": first.permit,
        "since": stamp.rfc3339(first.at),
        "statements": statements,
        "which": [statements.index(r.statement) for r in readings],
        "rows": [r.rows for r in readings],
        "keys": [r.keys for r in readings],
    }
    return Carried("readings", readings[-1].at, 0, {"purpose": first.purpose, "data": data})


def _number(person: str) -> bytes:
    try:
        return bytes.fromhex(person)
    except ValueError:
        return b""


def _row(row: Any) -> Row:
    return row[0], row[1], row[2], row[3], row[4], row[5]


def _opened(row: Row, key: Secret) -> dict[str, str]:
    person, record, sealed_as, _, version, sealed = row
    place = belongs(bytes(person), bytes(record), Sensitivity(sealed_as), version)
    return unpack(unseal(key, bytes(sealed), place))
