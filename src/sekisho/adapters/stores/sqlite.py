"""The SQLite store: plan, apply and remove by digest; permits, standing, the lease; live checks."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sekisho.adapters.stores.sqlite_passage import SqlitePassage
from sekisho.compiler import sqlite as compile_sqlite
from sekisho.compiler.plan import Applied, Plan, make_plan
from sekisho.compiler.postgres_live import MASK
from sekisho.compiler.quoting import ident
from sekisho.compiler.rules import RuleSet, TableRule
from sekisho.compiler.sqlite import APPLIED, GATE, STANDING, LiveTable
from sekisho.gate import permit as permits
from sekisho.gate.decide import Ask, decide
from sekisho.gate.session import LEASE, Check, Hole, Issued, Keys, Lease, Witness
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Refused, StoreTrouble


class SqliteStore:
    """A governed SQLite file."""

    engine = "sqlite"

    def __init__(
        self, path: Path, rules: RuleSet, keys: Keys, witness: Witness, clock: stamp.Clock = stamp.now
    ) -> None:
        """Hold the file's path; nothing is opened yet."""
        self.path, self.rules, self.keys, self.witness, self.clock = path, rules, keys, witness, clock
        self.name = rules.store

    @contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        if not self.path.exists():
            raise StoreTrouble(f"store `{self.name}` has no file", help="check its address in sekisho.toml")
        try:
            db = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        except sqlite3.Error as error:
            raise StoreTrouble(
                f"store `{self.name}` cannot be used: {error}", help="look at its file, folder and disk"
            ) from error
        try:
            db.execute("begin immediate" if write else "begin")
            yield db
            db.execute("commit")
        except sqlite3.DatabaseError as error:
            trouble = self._trouble(error)
            if trouble is None:
                raise
            raise trouble from error
        finally:
            if db.in_transaction:
                db.execute("rollback")
            db.close()

    def _trouble(self, error: sqlite3.Error) -> StoreTrouble | None:
        """Return what is wrong with the file in our words, or None where it is not about the file."""
        said = str(error)
        if "locked" in said or "busy" in said:
            return StoreTrouble(f"store `{self.name}` is locked", help="nothing was changed; try again")
        if "not a database" in said:
            return StoreTrouble(f"store `{self.name}` is not a SQLite file", help="check its address")
        if any(word in said for word in ("unable to open", "disk", "readonly", "malformed")):
            return StoreTrouble(f"store `{self.name}` cannot be used: {said}", help="look at its file, folder and disk")
        return None

    def _live(self, db: sqlite3.Connection) -> dict[str, LiveTable]:
        found = {}
        for _, name, kind, _, without, _ in db.execute("pragma main.table_list").fetchall():
            if name.startswith(("sqlite_", "sekisho_")):
                continue
            info = db.execute(f"pragma main.table_info({ident(name)})").fetchall()
            keys = [tuple(r[1] for r in sorted((i for i in info if i[5]), key=lambda i: i[5]))]
            for _, index, unique, _, partial in db.execute(f"pragma main.index_list({ident(name)})").fetchall():
                if unique and not partial:
                    keys.append(tuple(r[2] for r in db.execute(f"pragma main.index_info({ident(index)})")))
            columns = tuple(r[1] for r in info if r[1] != MASK)
            found[name] = LiveTable(columns, tuple(k for k in keys if k), not without, kind)
        return found

    @staticmethod
    def _applied(db: sqlite3.Connection) -> tuple[Applied, ...]:
        if db.execute("select 1 from sqlite_schema where name = ?", (APPLIED,)).fetchone() is None:
            return ()
        rows = db.execute(f"select name, needs, fingerprint, down from {APPLIED} order by position")  # noqa: S608 - a constant
        return tuple(Applied(n, tuple(json.loads(needs)), f, tuple(json.loads(down))) for n, needs, f, down in rows)

    # -- plan, apply, remove ------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Return what applying the rules would do to the file as it is now; raises BadInput where it cannot."""
        with self._open() as db:
            return self._plan(db)[0]

    def _plan(self, db: sqlite3.Connection) -> tuple[Plan, dict[str, int]]:
        live = self._live(db)
        found = compile_sqlite.diagnose(self.rules, live)
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise BadInput(found[0].message + more, help=found[0].help, place=self.name)
        sections = compile_sqlite.sections(self.rules, live)
        return make_plan(self.name, sections, self._applied(db)), {s.name: n for n, s in enumerate(sections)}

    def apply(self, plan_digest: str | None = None) -> Plan:
        """Run the plan of that digest in one transaction; raises StoreTrouble when the file has moved on."""
        with self._open(write=True) as db:
            plan, order = self._plan(db)
            if plan_digest is not None and plan.digest != plan_digest:
                raise StoreTrouble(
                    "the file or the rules changed since the plan was made", help="plan again and read it"
                )
            self._run(db, plan)
            db.executemany(f"delete from {APPLIED} where name = ?", [(a.name,) for a in plan.down])  # noqa: S608 - a constant
            db.execute(f"update {APPLIED} set position = -1 - position")  # noqa: S608 - a constant
            db.executemany(
                f"update {APPLIED} set position = ? where name = ?",  # noqa: S608 - a constant
                [(order[n], n) for n in plan.unchanged],
            )
            db.executemany(
                f"insert into {APPLIED} values (?, ?, ?, ?, ?)",  # noqa: S608 - a constant
                [(order[s.name], s.name, json.dumps(s.needs), s.fingerprint, json.dumps(s.down)) for s in plan.up],
            )
        return plan

    def remove(self) -> Plan:
        """Take everything back in one transaction, so that the schema is what it was before."""
        with self._open(write=True) as db:
            plan = make_plan(self.name, (), self._applied(db))
            self._run(db, plan)
        return plan

    @staticmethod
    def _run(db: sqlite3.Connection, plan: Plan) -> None:
        for number, statement in enumerate(plan.statements(), 1):
            try:
                db.execute(statement)
            except sqlite3.OperationalError as error:
                raise StoreTrouble(
                    f"statement {number} of the plan failed, so nothing was changed: {error}",
                    help="correct what it names, then plan again",
                    place=statement[:100],
                ) from error

    # -- permits ------------------------------------------------------------------------------------------------

    def open(self, ask: Ask) -> SqlitePassage:
        """Issue a permit, witness it, and open a session under it; raises Refused with the clause."""
        verdict = decide(ask, self.rules)
        if not verdict.allowed:
            self.witness.refused(self.name, ask, verdict.code, verdict.clause)
            raise Refused(verdict.says, help=verdict.help, clause=verdict.clause)
        with self._open() as db:
            if not self._applied(db):
                raise StoreTrouble(f"store `{self.name}` is not applied", help=f"run `sekisho gate apply {self.name}`")
            epoch = db.execute(f"select epoch from {GATE}").fetchone()[0]  # noqa: S608 - a constant
            live = self._live(db)
        rule = self.rules.purpose(ask.purpose)
        if rule is None:
            raise Refused(f"`{ask.purpose}` is not a purpose of the policy")
        key = self.keys.key(self.name, ask.login)
        place = permits.Place(self.name, self.path.name, epoch)
        permit = permits.make(ask, rule.number, place, permits.SHELL, key, at=self.clock(), nonce=stamp.nonce())
        issued = Issued(permits.sign(permit, key), permit, 0)
        self.witness.permit_issued(issued, rule.clause, ask.reason)
        return SqlitePassage(self.path, issued, self.rules, live, self.witness, self.clock)

    # -- standing -----------------------------------------------------------------------------------------------

    def position(self) -> int:
        """Return how far in the ledgers the store has followed; raises StoreTrouble where it is not applied."""
        with self._open() as db:
            return self._position(db)

    def _position(self, db: sqlite3.Connection) -> int:
        if not self._applied(db):
            raise StoreTrouble(f"store `{self.name}` is not applied", help=f"run `sekisho gate apply {self.name}`")
        return int(db.execute(f"select position from {GATE}").fetchone()[0])  # noqa: S608 - a constant

    def project(self, standing: Mapping[tuple[str, str], int], since: int, head: int) -> int | None:
        """Set people's masks in one transaction (see gate.session)."""
        defaults, aged = self.rules.defaults, {t.subject for t in self.rules.tables if t.age}
        with self._open(write=True) as db:
            reached = self._position(db)
            if reached > head:
                return 0
            if reached < since:
                return None
            rows = [(c, self._canonical(db, c, k), m) for (c, k), m in standing.items()]
            before = db.total_changes
            db.executemany(
                f"insert into {STANDING} values (?, ?, ?) "  # noqa: S608 - a constant
                "on conflict (class, key) do update set mask = excluded.mask where mask <> excluded.mask",
                rows,
            )
            changed = db.total_changes - before
            db.executemany(
                f"delete from {STANDING} where class = ? and key = ?",  # noqa: S608 - a constant
                # where a row's age decides, what equals the class's default is still a deviation and is kept
                [(c, k) for c, k, m in rows if defaults.get(c) == m and c not in aged],
            )
            db.execute(f"update {GATE} set position = ?", (head,))  # noqa: S608 - a constant
        return changed

    def minors(self, people: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which people, by (class, key), are under age by what their own rows say."""
        aged = {t.subject: t for t in self.rules.tables if t.age}
        with self._open() as db:
            return {(c, k) for c, k in people if c in aged and self._minor(db, aged[c], k)}

    def _minor(self, db: sqlite3.Connection, table: TableRule, key: str) -> bool:
        match, young = compile_sqlite.key_equals("t", table.key, "?1"), compile_sqlite.minor(self.rules, table, "t")
        asked = f"select 1 from {ident(table.name)} t where {match} and {young}"  # noqa: S608 - quoted names
        return db.execute(asked, (key,)).fetchone() is not None

    def exists(self, people: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which people, by (class, key), have a row of their own."""
        tables = {t.subject: t for t in self.rules.tables if t.subject}
        with self._open() as db:
            return {(c, k) for c, k in people if c in tables and self._row(db, tables[c], k) is not None}

    def _canonical(self, db: sqlite3.Connection, subject: str, key: str) -> str:
        """Return a key as the person's own row writes it, where there is one: `07` is `7` in an integer column."""
        table = next((t for t in self.rules.tables if t.subject == subject), None)
        own = self._row(db, table, key) if table is not None else None
        return key if own is None else own

    def _row(self, db: sqlite3.Connection, table: TableRule, key: str) -> str | None:
        match = compile_sqlite.key_equals("t", table.key, "?1")
        own = compile_sqlite.key_text("t", table.key)
        row = db.execute(f"select {own} from {ident(table.name)} t where {match}", (key,)).fetchone()  # noqa: S608 - quoted names
        return None if row is None else str(row[0])

    def lease(self) -> Lease:
        """Return how far the store followed and until when it is open; nothing waits here to be witnessed."""
        with self._open() as db:
            position = self._position(db)
            (until,) = db.execute(f"select open_until from {GATE}").fetchone()  # noqa: S608 - a constant
        return Lease(position, datetime.fromtimestamp(until, UTC) if until else None, 0)

    def renew(self, head: int, life: timedelta = LEASE) -> datetime | None:
        """Open opt-in purposes for a while; returns until when, or None where the store is not at `head`."""
        until = self.clock() + life
        with self._open(write=True) as db:
            done = db.execute(
                f"update {GATE} set open_until = ? where position = ?",  # noqa: S608 - a constant
                (int(until.timestamp()), head),
            )
        return until if done.rowcount else None

    def close(self) -> int:
        """Close opt-in purposes at once and void permits to come; returns the new epoch."""
        with self._open(write=True) as db:
            db.execute(f"update {GATE} set epoch = epoch + 1, open_until = 0")  # noqa: S608 - a constant
            return int(db.execute(f"select epoch from {GATE}").fetchone()[0])  # noqa: S608 - a constant

    def carry(self) -> int:
        """Nothing waits here: what passes this gate is written to the log at once."""
        return 0

    def watch(self) -> int:
        """Nothing lingers here: a passage ends itself."""
        return 0

    def verify(self) -> int:
        """Return how many rows carry a mask other than the one they must have; 0 is right."""
        wrong = 0
        with self._open() as db:
            self._position(db)
            for table in self.rules.tables:
                right = compile_sqlite.right_mask(self.rules, table, ident(table.name))
                counted = f"select count(*) from {ident(table.name)} where {MASK} <> {right}"  # noqa: S608 - quoted names
                wrong += int(db.execute(counted).fetchone()[0])
        return wrong

    # -- live checks --------------------------------------------------------------------------------------------

    def check(self) -> Check:
        """Compare the file's schema with what the policy says now, and say who gets past."""
        with self._open() as db:
            applied = {a.name: a for a in self._applied(db)}
            if not applied:
                return Check(self.name, self.clock(), ("nothing is applied",), ())
            live = self._live(db)
            wanted = {s.name: s for s in compile_sqlite.sections(self.rules, live)}
            trouble = compile_sqlite.diagnose(self.rules, live)
            present = {sql for (sql,) in db.execute("select sql from sqlite_schema where sql is not null")}
        differences = [
            f"{n} is not as the policy says now"
            for n in sorted(wanted.keys() | applied.keys())
            if n not in wanted or n not in applied or wanted[n].fingerprint != applied[n].fingerprint
        ]
        differences += [
            f"{section.name}: a trigger or table is gone or changed"
            for section in wanted.values()
            for statement in section.up
            if statement.startswith("create ") and not any(_same(statement, sql) for sql in present)
        ]
        differences += [d.message for d in trouble]
        return Check(self.name, self.clock(), tuple(differences), self._holes(), self._unmapped(live))

    def _unmapped(self, live: Mapping[str, LiveTable]) -> tuple[str, ...]:
        """Return the tables and columns of the file that the map does not know."""
        found = []
        for name, table in sorted(live.items()):
            rule = self.rules.table(name)
            if rule is not None:
                found += [f"{name}.{column}" for column in table.columns if column not in rule.columns]
            elif name not in self.rules.open_tables and table.kind == "table":
                found.append(name)
        return tuple(found)

    def _holes(self) -> tuple[Hole, ...]:
        found = [
            Hole(
                "side-channel",
                "whoever goes through the gate",
                "a condition on a key can be seen to fail; plans, time and gaps in numbers tell that rows are there",
                "see docs/trust.md; nothing personal is printed, but existence can be inferred",
            ),
            Hole(
                "file",
                "whoever can open the file",
                "reads all of it, whatever the gate says",
                "keep it where only the service can",
            ),
        ]
        if os.stat(self.path).st_mode & (stat.S_IROTH | stat.S_IRGRP):
            found.append(Hole("mode", "other users of the machine", "may read the file", f"chmod 600 {self.path.name}"))
        return tuple(found)


def _same(statement: str, stored: str) -> bool:
    """Say whether a statement is the one that SQLite keeps; it writes the first words in capitals."""
    return (
        statement.split("(", 1)[-1].lower() == stored.split("(", 1)[-1].lower() or statement.lower() == stored.lower()
    )
