"""The PostgreSQL store: plan, apply and remove by digest; permits, standing, the lease; live checks.

One connection a call, opened with the store's own address; nothing is pooled and nothing is kept. What changes the
database changes it in one transaction, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sekisho.adapters.stores import postgres_check as checks
from sekisho.adapters.stores import postgres_live as look
from sekisho.adapters.stores.postgres_passage import PostgresPassage
from sekisho.compiler import postgres as compile_postgres
from sekisho.compiler.plan import Plan, make_plan
from sekisho.compiler.postgres_live import Names
from sekisho.compiler.quoting import dollar, ident, literal
from sekisho.compiler.rules import RuleSet
from sekisho.gate import permit as permits
from sekisho.gate.decide import Ask, decide
from sekisho.gate.session import LEASE, Carried, Check, Issued, Keys, Lease, Witness
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, NotWitnessed, Refused, StoreTrouble

TRIES = 5
PATIENCE = timedelta(seconds=5)
"""How long a transaction may sit idle on a snapshot from before a change of somebody's standing until it is ended."""

BEHIND = -2
"""What `sekisho.project` gives where facts are missing between what the store followed and what it is given."""


class _Again(StoreTrouble):
    """this and another transaction waited for each other, so nothing was changed."""


class PostgresStore:
    """A governed PostgreSQL database."""

    engine = "postgresql"

    def __init__(self, url: str, rules: RuleSet, keys: Keys, witness: Witness, clock: stamp.Clock = stamp.now) -> None:
        """Hold the address of the store's administrator; nothing is opened yet. Raises BadInput where it is none."""
        try:
            conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise BadInput(
                f"the address of store `{rules.store}` cannot be read",
                help="write it like postgresql://name@host:5432/database",
                place="sekisho.toml",
            ) from error
        self.url, self.rules, self.keys, self.witness, self.clock = url, rules, keys, witness, clock
        self.name = rules.store

    @contextmanager
    def _open(self, **kwargs: Any) -> Iterator[look.Connection]:
        try:
            with psycopg.connect(self.url, connect_timeout=5, application_name="sekisho", **kwargs) as db:
                yield db
        except psycopg.errors.LockNotAvailable as error:
            raise StoreTrouble(
                f"another transaction holds what this needs in store `{self.name}`",
                help="nothing was changed; try again when the long transaction is over",
            ) from error
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
            raise _Again(help="try again") from error
        except psycopg.OperationalError as error:
            raise StoreTrouble(
                f"store `{self.name}` does not answer: {look.why(error)}",
                help="start it, and check its address in sekisho.toml",
            ) from error
        except psycopg.errors.InvalidSchemaName as error:
            raise StoreTrouble(
                f"store `{self.name}` is not applied", help=f"run `sekisho gate apply {self.name}`"
            ) from error

    # -- plan, apply, remove ------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Return what applying the rules would do to the database as it is now; raises BadInput where it cannot."""
        ident(self.rules.schema)
        with self._open() as db:
            look.only(db, self.name)
            live = look.inventory(db, self.rules.schema)
            self._check(compile_postgres.diagnose(self.rules, live))
            return make_plan(self.name, compile_postgres.sections(self.rules, live), look.applied(db))

    def _check(self, found: Sequence[Any]) -> None:
        if found:
            first, rest = found[0], len(found) - 1
            more = f" (and {rest} more)" if rest else ""
            raise BadInput(first.message + more, help=first.help, place=self.name)

    def apply(self, plan_digest: str | None = None) -> Plan:
        """Run the plan of that digest in one transaction; raises StoreTrouble when the database has moved on."""
        for _ in range(TRIES):
            try:
                return self._apply(plan_digest)
            except (_Again, psycopg.errors.InternalError_):
                # roles belong to the whole cluster: a plan for another database touched the same one at once
                continue
        raise StoreTrouble("other plans or the application run at the same time", help="try again when it is quieter")

    def _apply(self, plan_digest: str | None) -> Plan:
        with self._open() as db:
            db.execute("set local lock_timeout = '5s'; set local client_min_messages = warning")
            # one apply at a time: the plan is made again inside the lock and must still be the one approved
            db.execute("select pg_advisory_xact_lock(1936024435, -1)")
            look.only(db, self.name)
            live = look.inventory(db, self.rules.schema)
            self._check(compile_postgres.diagnose(self.rules, live))
            sections = compile_postgres.sections(self.rules, live)
            plan = make_plan(self.name, sections, look.applied(db))
            if plan_digest is not None and plan.digest != plan_digest:
                raise StoreTrouble(
                    "the database or the rules changed since the plan was made", help="make the plan again and read it"
                )
            look.quiet(db)
            self._run(db, plan.statements())
            look.remember(db, plan, {s.name: n for n, s in enumerate(sections)})
            look.give_keys(db, [self.keys.key(self.name, i.name) for i in self.rules.logins if i.purposes])
            db.execute("delete from sekisho.expected")
            with db.cursor() as cursor:
                cursor.executemany(
                    "insert into sekisho.expected (kind, name, digest) values (%s, %s, %s)",
                    [(k, n, d) for (k, n), d in look.state(db, self.rules).items()],
                )
        return plan

    def remove(self) -> Plan:
        """Take everything back in one transaction, so that the schema is what it was before."""
        with self._open() as db:
            db.execute("set local lock_timeout = '5s'; set local client_min_messages = warning")
            look.only(db, self.name)
            plan = make_plan(self.name, (), look.applied(db))
            self._run(db, plan.statements())
        return plan

    def migrate(self, script: str) -> None:
        """Run an application's change of schema as the role that owns its tables, in one transaction.

        It runs inside a definer function of that role, where no statement can end the transaction or change the role.
        Raises StoreTrouble where it fails; the caller has witnessed it.
        """
        owner, schema = ident(Names.of(self._database()).owner), ident(self.rules.schema)
        body = dollar(f" begin execute {literal(script)}; end ")
        with self._open() as db:
            self._run(
                db,
                (
                    f"grant usage, create on schema {schema} to {owner}",
                    f"grant usage, create on schema sekisho to {owner}",
                    "create function sekisho.migration() returns void language plpgsql security definer "
                    f"set search_path = {schema}, pg_temp as {body}",
                    f"alter function sekisho.migration() owner to {owner}",
                    "revoke all on function sekisho.migration() from public",
                    "grant execute on function sekisho.migration() to current_user",
                    f"revoke all on schema sekisho from {owner}",
                ),
            )
            try:
                db.execute("select sekisho.migration()")
            except psycopg.Error as error:
                raise StoreTrouble(
                    f"the script failed, so nothing was changed: {error.diag.message_primary}",
                    help=error.diag.message_hint or "correct it, then try again",
                ) from error
            self._run(
                db, ("drop function sekisho.migration()", f"revoke usage, create on schema {schema} from {owner}")
            )

    def _database(self) -> str:
        with self._open() as db:
            look.only(db, self.name)
            if not look.applied(db):
                raise StoreTrouble(f"store `{self.name}` is not applied", help="its tables are the application's own")
            return db.info.dbname

    def _run(self, db: look.Connection, statements: Sequence[str]) -> None:
        for number, statement in enumerate(statements, 1):
            try:
                db.execute(statement.encode())
            except (
                psycopg.errors.LockNotAvailable,
                psycopg.errors.DeadlockDetected,
                psycopg.errors.InternalError_,
            ):
                raise
            except psycopg.errors.OutOfMemory as error:
                raise StoreTrouble(
                    f"the plan holds more locks at once than store `{self.name}` allows, so nothing was changed",
                    help="raise `max_locks_per_transaction` in postgresql.conf (say to 1024), restart, try again",
                ) from error
            except psycopg.Error as error:
                head = statement.split("\n", 1)[0][:100]
                raise StoreTrouble(
                    f"statement {number} of the plan failed, so nothing was changed: {error.diag.message_primary}",
                    help="correct what it names, then plan again",
                    place=head,
                ) from error

    # -- permits ------------------------------------------------------------------------------------------------

    def issue(self, ask: Ask, terms: permits.Terms = permits.PASTED) -> Issued:
        """Return a permit witnessed in the store and in the log; raises Refused with the clause, or NotWitnessed."""
        self.decide(ask)
        with self._open(autocommit=True) as db:
            return self._issue(db, ask, terms)

    def decide(self, ask: Ask) -> None:
        """Raise Refused, after witnessing it, unless the rules allow the ask."""
        verdict = decide(ask, self.rules)
        if not verdict.allowed:
            self.witness.refused(self.name, ask, verdict.code, verdict.clause)
            raise Refused(verdict.says, help=verdict.help, clause=verdict.clause)

    def _issue(self, db: look.Connection, ask: Ask, terms: permits.Terms) -> Issued:
        rule = self.rules.purpose(ask.purpose)
        if rule is None:
            raise Refused(f"`{ask.purpose}` is not a purpose of the policy")
        # the store's own clock: it judges the permit, and may differ from ours
        row = db.execute("select epoch, clock_timestamp() from sekisho.lease").fetchone()
        if row is None:
            raise StoreTrouble(f"store `{self.name}` has no lease", help="apply the plan again")
        key = self.keys.key(self.name, ask.login)
        place = permits.Place(self.name, db.info.dbname, row[0])
        permit = permits.make(ask, rule.number, place, terms, key, at=row[1], nonce=stamp.nonce())
        token = permits.sign(permit, key)
        try:
            row = db.execute("select sekisho.witness_permit(%s, %s)", (token, ask.reason)).fetchone()
        except psycopg.errors.InsufficientPrivilege as error:
            raise Refused(error.diag.message_primary or "", help=error.diag.message_hint or "") from error
        if row is None:
            raise NotWitnessed(help="try again")
        self.carry(db)
        return Issued(token, permit, row[0])

    def open(self, ask: Ask) -> PostgresPassage:
        """Open a connection as the login, issue a permit bound to it, witness it, and enter."""
        self.decide(ask)
        login = self._login_url(ask.login)
        try:
            mine = psycopg.connect(login, autocommit=True, connect_timeout=5, application_name="sekisho gate")
        except psycopg.OperationalError as error:
            raise StoreTrouble(
                f"login `{ask.login}` cannot connect to store `{self.name}`",
                help="let the server accept it from this machine (pg_hba.conf, PGPASSFILE)",
            ) from error
        try:
            with self._open(autocommit=True) as db:
                issued = self._issue(db, ask, replace(permits.SHELL, pid=mine.info.backend_pid))
            return PostgresPassage(mine, issued, self.rules, self.witness, self.clock)
        except BaseException:
            mine.close()
            raise

    def _login_url(self, login: str) -> str:
        parts = conninfo_to_dict(self.url)
        parts.pop("password", None)
        parts["user"] = login
        return make_conninfo(**{k: str(v) for k, v in parts.items() if v is not None})

    def carry(self, db: look.Connection | None = None) -> int:
        """Move what the store witnessed by itself into the evidence log; what the log cannot take stays here."""
        if db is None:
            with self._open(autocommit=True) as fresh:
                return self.carry(fresh)
        moved = 0
        while True:
            with db.transaction():
                rows = db.execute("select serial, at, body from sekisho.collect(1000) order by serial").fetchall()
                if rows:
                    self.witness.carried(self.name, [Carried(b["kind"], at, s, b) for s, at, b in rows])
            moved += len(rows)
            if len(rows) < 1000:
                return moved

    # -- standing -----------------------------------------------------------------------------------------------

    def position(self) -> int:
        """Return how far in the ledgers the store has followed; raises StoreTrouble where it is not applied."""
        return self.lease().position

    def project(self, standing: Mapping[tuple[str, str], int], since: int, head: int) -> int | None:
        """Set people's masks in one transaction (see gate.session); a deadlock with the application is tried again."""
        for _ in range(TRIES):
            try:
                return self._project(standing, since, head)
            except _Again:
                continue
        raise StoreTrouble(
            f"the application holds people's rows in store `{self.name}`", help="try again; nothing was changed"
        )

    def _project(self, standing: Mapping[tuple[str, str], int], since: int, head: int) -> int | None:
        people = list(standing)
        arrays = ([c for c, _ in people], [k for _, k in people], list(standing.values()))
        with self._open() as db:
            db.execute("set local lock_timeout = '5s'")
            look.quiet(db)
            try:
                row = db.execute(
                    "select sekisho.project(%s::text[], %s::text[], %s::bigint[], %s, %s)", (*arrays, since, head)
                ).fetchone()
            except psycopg.errors.DataError as error:
                raise self._misfit() from error
            except psycopg.errors.ProgrammingError as error:
                raise StoreTrouble(
                    f"a trigger of the application in store `{self.name}` failed: {error.diag.message_primary}",
                    help="grant set on parameter session_replication_role to the role of the store's address",
                ) from error
        changed = 0 if row is None else int(row[0])
        if changed > 0:
            self.watch()
        return None if changed == BEHIND else max(changed, 0)

    def minors(self, people: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which people, by (class, key), are under age by what their own rows say."""
        if not any(t.age for t in self.rules.tables):
            return set()
        arrays = [c for c, _ in people], [k for _, k in people]
        with self._open() as db:
            try:
                return {
                    (c, k)
                    for c, k in db.execute("select class, key from sekisho.minors(%s::text[], %s::text[])", arrays)
                }
            except psycopg.errors.DataError as error:
                raise self._misfit() from error

    def exists(self, people: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which people, by (class, key), have a row of their own; raises StoreTrouble where rows are hidden."""
        with self._open() as db:
            try:
                found = look.exist(db, self.rules, people)
            except psycopg.errors.DataError as error:
                raise self._misfit() from error
            except psycopg.errors.InsufficientPrivilege:
                found = None
        if found is None:
            raise StoreTrouble(
                f"the address of store `{self.name}` may not see its people", help="use an administrator's address"
            )
        return found

    def _misfit(self) -> BadInput:
        return BadInput(
            f"a person's key does not fit its column in store `{self.name}`",
            help="register people by the keys that the map names",
        )

    def lease(self) -> Lease:
        """Return how far the store followed, until when it is open, and how much waits to be witnessed."""
        with self._open() as db:
            look.only(db, self.name)
            row = look.lease(db) if look.applied(db) else None
        if row is None:
            raise StoreTrouble(f"store `{self.name}` is not applied", help=f"run `sekisho gate apply {self.name}`")
        return Lease(*row)

    def renew(self, head: int, life: timedelta = LEASE) -> datetime | None:
        """Open opt-in purposes for a while by the store's clock; returns until when, None where it is not at `head`."""
        with self._open() as db:
            renew = "select sekisho.renew(present + %s, %s), present + %s from clock_timestamp() present"
            row = db.execute(renew, (life, head, life)).fetchone()
        return None if row is None or row[0] is None else row[1]

    def close(self) -> int:
        """Void every permit, close opt-in purposes and end what has entered, at once; returns the new epoch."""
        with self._open() as db:
            look.only(db, self.name)
            row = db.execute("select sekisho.close_store()").fetchone()
        self.watch()
        return 0 if row is None else int(row[0])

    def watch(self, patience: timedelta = PATIENCE) -> int:
        """End backends whose permit is over, or that sit on an old snapshot; returns how many were ended."""
        with self._open(autocommit=True) as db:
            rows = db.execute("select pg_terminate_backend(pid) from sekisho.overdue(%s) pid", (patience,)).fetchall()
        return len(rows)

    def verify(self) -> int:
        """Return how many rows carry a mask other than the one they must have, recomputed set-based; 0 is right."""
        self.lease()
        with self._open() as db:
            return checks.wrong_masks(db, self.rules)

    def check(self) -> Check:
        """Compare the catalogue with what was applied, and list the ways past the gate."""
        with self._open() as db:
            look.only(db, self.name)
            return checks.check(db, self.rules, self.clock())
