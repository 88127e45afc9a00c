"""The gate for applications that speak psycopg: state a purpose and a reason, then execute as before.

    gate = Gate.open(Path("shop.key"), "dbname=shop user=studio_support", witness="dbname=shop user=studio_witness")
    with gate.purpose("support", reason="ticket 4711") as db:
        db.execute("select name, email from customers where id = %s", [7]).fetchall()

A permit is issued with the service's own key and committed by the witness's connection before it is used; the
transaction's begin, the entering and the first statement travel together. What was read is witnessed before rows are
handed over (`STRICT`), or within a stated delay and number of readings (`Batched`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Self

import psycopg

from sekisho.adapters.clients.readings import STRICT, Batched, Readings, Strict
from sekisho.adapters.clients.service import Service, ServicePurpose, read_service
from sekisho.compiler.postgres_live import COLUMN_ORIGINS
from sekisho.gate import permit as permits
from sekisho.gate.decide import Ask
from sekisho.gate.naming import ANOTHER, NAME_THEM, NAMEABLE, NOT_NAMED, QUIET, Namer, People, first_word, namer
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, NotWitnessed, Refused, StoreTrouble

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]
Params = Sequence[Any] | Mapping[str, Any] | None

ENTER = "select sekisho.enter(%s), set_config('search_path', %s, %s)"
SET_PATH = "select set_config('search_path', %s, %s)"
MARGIN = 2
"""Seconds before its end at which a permit is no longer begun with."""

HELD = permits.Terms(permits.Scope.SESSION, single=False)


@dataclass(frozen=True, slots=True)
class _Permit:
    token: str
    digest: str
    until: float
    """When it ends by the clock here: the store's may differ."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is known of a statement once it has run: its fingerprint, and how its result names people."""

    fingerprint: str
    namer: Namer | None


class Gate:
    """A service's way through the gate of one store; one connection, used by one thread at a time."""

    def __init__(self, service: Service, address: str, *, witness: str, mode: Strict | Batched = STRICT) -> None:
        """Connect as the service's login, and as the witness; raises StoreTrouble where the store does not answer."""
        self.service = service
        self._db = _connect(address, f"login `{service.login}`")
        try:
            self._witness = _connect(witness, "the witness", autocommit=True)
        except StoreTrouble:
            self._db.close()
            raise
        self._readings = Readings(self._witness, mode, service.actor)
        self._permits: dict[tuple[str, str, permits.Scope], _Permit] = {}
        self._origins: dict[str, dict[tuple[int, int], tuple[str, str]]] = {}
        self._shapes: dict[tuple[str, str], _Shape] = {}
        self._in_use = ""

    @classmethod
    def open(cls, file: Path, address: str, *, witness: str, mode: Strict | Batched = STRICT) -> Self:
        """Read a service file and connect."""
        return cls(read_service(file), address, witness=witness, mode=mode)

    @contextmanager
    def purpose(self, name: str, *, reason: str, subject: str = "") -> Iterator[Use]:
        """Open one transaction for a purpose; it is committed at the end, rolled back where something is raised."""
        with self._one(name, reason):
            use = Use(self, name, subject, reason=reason, session=False)
            try:
                yield use
            except BaseException:
                if not self._db.closed:
                    self._db.rollback()
                raise
            self._db.commit()

    @contextmanager
    def session(self, name: str, *, reason: str, subject: str = "") -> Iterator[Use]:
        """Hold a purpose on the connection, each statement a transaction of its own; not behind a pooler."""
        with self._one(name, reason):
            self._db.autocommit = True
            try:
                yield Use(self, name, subject, reason=reason, session=True)
            finally:
                if not self._db.closed:
                    if not self.service.purposes[name].held:
                        self._db.execute("select sekisho.leave()")
                    self._db.execute("reset search_path")
                    self._db.autocommit = False

    @contextmanager
    def _one(self, name: str, reason: str) -> Iterator[None]:
        """Hold the connection for one use; a second one inside it would share its transaction."""
        if self._in_use:
            raise BadInput(
                f"a use of purpose `{self._in_use}` is open on this gate", help="end it, or open a second gate"
            )
        self._may(name, reason)
        self._in_use = name
        try:
            yield
        finally:
            self._in_use = ""

    def _may(self, name: str, reason: str) -> None:
        """Raise Refused, after witnessing it, unless this login may state the purpose for a reason."""
        purpose = self.service.purposes.get(name)
        if purpose is None:
            known = ", ".join(f"`{p}`" for p in self.service.purposes) or "none"
            self._refused(name, "above-ceiling")
            raise Refused(f"login `{self.service.login}` may not state purpose `{name}`", help=f"it may state: {known}")
        if not reason.strip():
            self._refused(name, "no-reason")
            raise Refused("a permit needs a reason", help="say why, for instance a ticket", clause=purpose.clause)

    def _permit(self, name: str, reason: str, subject: str, terms: permits.Terms) -> _Permit:
        """Return a permit that still has time, witnessed before anybody can use it."""
        asked = (name, f"{subject}\0{reason}", terms.scope)
        known = self._permits.get(asked)
        now = stamp.now()
        if known is not None and known.until - MARGIN > now.timestamp():
            return known
        service = self.service
        key = service.login_key
        try:
            row = self._witness.execute(
                "select epoch, current_database(), clock_timestamp() from sekisho.lease"
            ).fetchone()
            epoch, database, at = row or (0, "", now)
            place = permits.Place(service.store, database, epoch)
            ask = Ask(service.login, name, service.actor, reason, subject)
            permit = permits.make(ask, service.purposes[name].number, place, terms, key, at=at, nonce=stamp.nonce())
            token = permits.sign(permit, key)
            self._witness.execute("select sekisho.witness_permit(%s, %s)", (token, reason))
        except psycopg.errors.InsufficientPrivilege as error:
            said, help = error.diag.message_primary or "", error.diag.message_hint or ""
            raise Refused(said, help=help, clause=service.purposes[name].clause) from error
        except psycopg.Error as error:
            raise NotWitnessed(
                "the permit could not be witnessed", help="see why the store does not take it"
            ) from error
        ends = now.timestamp() + permit.until - at.timestamp()
        made = _Permit(token, permits.digest(token).hex(), ends)
        self._permits = {k: p for k, p in self._permits.items() if p.until > now.timestamp()}
        self._permits[asked] = made
        return made

    def _refused(self, purpose: str, code: str) -> None:
        self._readings.refused(purpose if purpose in self.service.purposes else "", code)

    def _shape(self, name: str, sql: str, cursor: Cursor) -> _Shape:
        """Return how a statement's result names people, found once from where its columns come from."""
        known = self._shapes.get((name, sql))
        if known is not None:
            return known
        purpose, result = self.service.purposes[name], cursor.pgresult
        if name not in self._origins:
            with self._db.cursor() as other:
                rows = other.execute(COLUMN_ORIGINS, (purpose.schema, self.service.schema, _open(purpose))).fetchall()
            self._origins[name] = {(oid, number): (table, column) for oid, number, table, column in rows}
        origins = self._origins[name]
        from_where = (
            [origins.get((result.ftable(i), result.ftablecol(i))) for i in range(result.nfields)] if result else []
        )
        shape = _Shape(hashlib.sha256(sql.encode()).hexdigest(), namer(purpose.naming, from_where))
        if len(self._shapes) > 10_000:
            self._shapes.clear()
        self._shapes[name, sql] = shape
        return shape

    def close(self) -> None:
        """Witness what waits, and close both connections; raises NotWitnessed where that could not be done."""
        try:
            self._readings.close()
        finally:
            self._db.close()
            self._witness.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        self.close()


class Use:
    """The use of one purpose: execute statements, get psycopg's own cursors."""

    def __init__(self, gate: Gate, name: str, subject: str, *, reason: str, session: bool) -> None:
        """Begin; the permit is entered with the first statement."""
        self._gate, self._name, self._subject, self._reason = gate, name, subject, reason
        self._purpose = gate.service.purposes[name]
        self._session = session
        self._path = f"{_quoted(self._purpose.schema)}, {_quoted(gate.service.schema)}"
        self._over = False
        self._permit: _Permit | None = None
        self._first: tuple[str, tuple[object, ...]] | None = None
        if self._purpose.held:
            self._first = (SET_PATH, (self._path, not session))
        elif not session:
            self._permit = gate._permit(name, reason, subject, permits.SERVICE)
            self._first = (ENTER, (self._permit.token, self._path, True))

    def execute(self, sql: str, params: Params = None) -> Cursor:
        """Run one statement; raises Refused with the clause where the policy says no, or NotWitnessed."""
        self._gate._readings.ready()
        self._timely()
        word = first_word(sql)
        named = self._purpose.witness == "named" and word not in QUIET
        if named and word not in NAMEABLE:
            self._refuse("not-named", NOT_NAMED, NAME_THEM)
        # what a refused statement did is taken back: with the use's transaction, or with one of its own
        with self._gate._db.transaction() if named and self._session else nullcontext():
            return self._run(sql, params, word)

    def _run(self, sql: str, params: Params, word: str) -> Cursor:
        cursor = self._gate._db.cursor()
        try:
            self._send(cursor, sql, params)
        except (
            psycopg.errors.InsufficientPrivilege,
            psycopg.errors.FeatureNotSupported,  # a withheld column is written
            psycopg.errors.UndefinedColumn,
        ) as error:
            self._explain(error)
        if cursor.description is not None or word not in QUIET:
            self._witness(sql, cursor)
        return cursor

    def _send(self, cursor: Cursor, sql: str, params: Params) -> None:
        """Execute, the first time in one journey with the entering."""
        first, self._first = self._first, None
        # without values it is prepared at once, because then the server takes one statement and no more
        prepare = True if params is None else None
        if first is None:
            cursor.execute(sql.encode(), params, prepare=prepare)
            return
        with self._gate._db.pipeline():
            self._gate._db.execute(first[0].encode(), first[1])
            cursor.execute(sql.encode(), params, prepare=prepare)

    def _timely(self) -> None:
        """See that the permit still has time: a session enters anew, a transaction that is too long is refused."""
        if self._over:
            raise Refused("this use was refused and taken back", help="begin another", clause=self._purpose.clause)
        if self._purpose.held:
            return
        now = stamp.now().timestamp()
        if not self._session:
            if self._permit is None or self._permit.until < now:
                raise Refused("this permit is over", help="make the transaction shorter", clause=self._purpose.clause)
        elif self._permit is None or self._permit.until - MARGIN < now:
            terms = replace(HELD, pid=self._gate._db.info.backend_pid)
            self._permit = self._gate._permit(self._name, self._reason, self._subject, terms)
            self._gate._db.execute(ENTER.encode(), (self._permit.token, self._path, False))

    def _witness(self, sql: str, cursor: Cursor) -> None:
        shape = self._gate._shape(self._name, sql, cursor)
        people: People | None = None
        if self._subject:
            subject, _, key = self._subject.partition(":")
            people = ((subject, key),)
        elif shape.namer is not None:
            people = _people(shape.namer, cursor)
        elif self._purpose.witness == "named" and cursor.description is not None:
            cursor.close()
            if not self._session:
                self._over = True
                self._gate._db.rollback()
            self._refuse("not-named", NOT_NAMED, NAME_THEM)
        self._gate._readings.read(
            self._name, self._permit.digest if self._permit else "", shape.fingerprint, max(cursor.rowcount, 0), people
        )

    def _explain(self, error: psycopg.Error) -> NoReturn:
        said = error.diag.message_primary or "permission denied"
        if isinstance(error, psycopg.errors.UndefinedColumn):
            column = next((c for c in self._purpose.withheld if f'"{c}"' in said or f".{c} " in said), None)
            if column is None:
                raise error
            self._refuse("withheld", self._purpose.withheld[column], ANOTHER, error)
        self._refuse("no-privilege", f"{said}: purpose `{self._name}` does not reach that", ANOTHER, error)

    def _refuse(self, code: str, says: str, help: str, error: BaseException | None = None) -> NoReturn:
        self._gate._refused(self._name, code)
        raise Refused(says, help=help, clause=self._purpose.clause) from error


def _people(where: Namer, cursor: Cursor) -> tuple[tuple[str, str], ...]:
    """Return the people in a result; single keys are read as the text they arrived as, without decoding the rows."""
    result = cursor.pgresult
    if result is None or not where.places:
        return ()
    if result.fformat(0) == 0 and all(len(at) == 1 for _, at in where.places):
        found: set[tuple[str, str]] = set()
        for subject, (column,) in where.places:
            values = (result.get_value(row, column) for row in range(result.ntuples))
            found.update((subject, value.decode()) for value in values if value is not None)
        return tuple(found)
    rows = cursor.fetchall()
    if rows:
        cursor.scroll(0, mode="absolute")
    return where.people(rows)


def _open(purpose: ServicePurpose) -> list[str]:
    return [table for table, classes in purpose.naming.items() if not classes]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _connect(address: str, who: str, *, autocommit: bool = False) -> Connection:
    try:
        return psycopg.connect(address, autocommit=autocommit, connect_timeout=5)
    except psycopg.Error as error:
        raise StoreTrouble(f"{who} cannot connect", help="check the address and that the plan is applied") from error
