"""A way through the SQLite gate: a connection of its own behind a default-deny authoriser.

Nothing is reachable but `run`, `tables` and `close`. The authoriser lets only our inner views, whose names are random,
touch a governed table; a text that holds the random part is refused. Whoever can open the file can read it: this is a
gate for those who go through it, not a lock on the file (docs/trust.md).
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self
from urllib.parse import quote

from sekisho.compiler import sqlite as compile_sqlite
from sekisho.compiler.lower import hidden_name
from sekisho.compiler.rules import PurposeRule, RuleSet
from sekisho.compiler.sqlite import GATE, LiveTable
from sekisho.gate.decide import Ask
from sekisho.gate.naming import ANOTHER, NAME_THEM, NOT_NAMED, People, namer, naming, plain_origins
from sekisho.gate.session import Answer, Issued, Reading
from sekisho.gate.session import Witness as WitnessPort
from sekisho.ground import stamp
from sekisho.ground.errors import Refused, StoreTrouble
from sekisho.policy.model import Witness

FUNCTIONS = frozenset(
    (  # noqa: SIM905 - sixty names read better as words than as a list
        "abs avg cast ceil changes char coalesce concat count date datetime floor format glob group_concat hex ifnull "
        "iif instr json_array json_array_length json_extract json_object json_type julianday length like lower ltrim "
        "max min nullif printf quote random replace round row_number rank dense_rank lag lead first_value last_value "
        "rtrim sign strftime string_agg substr substring sum time total trim typeof unicode unixepoch upper"
    ).split()
)
LONGEST_VALUE = 10_000_000
"""Bytes of one value; a statement must not eat the process's memory."""

SECONDS = 20.0
"""How long one statement may take; a runaway recursion is stopped."""


HARMLESS = (
    "syntax error",
    "incomplete input",
    "no such table",
    "no such column",
    "no such function",
    "ambiguous column name",
    "wrong number of arguments",
    "Incorrect number of bindings supplied",
    "You can only execute one statement at a time",
    "too many terms",
    "datatype mismatch",
    "string or blob too big",
)
"""What SQLite says about a statement without repeating a value."""


class SqlitePassage:
    """An open session under one permit."""

    def __init__(
        self,
        path: Path,
        issued: Issued,
        rules: RuleSet,
        live: Mapping[str, LiveTable],
        witness: WitnessPort,
        clock: stamp.Clock,
    ) -> None:
        """Open a fresh connection and close everything on it but the purpose's views."""
        permit = issued.permit
        rule = rules.purpose(permit.purpose)
        if rule is None:
            raise Refused(f"`{permit.purpose}` is not a purpose of the policy")
        self._purpose: PurposeRule = rule
        self._rules, self._issued, self._witness, self._clock = rules, issued, witness, clock
        self._ends = time.monotonic() + permit.until - clock().timestamp()
        self._token = "v" + stamp.nonce().hex()
        self._naming = naming(rules, rule.name)
        self._views = [v for v in rules.views if v.purpose == rule.name]
        self._inner = {f"{self._token}_{i}": v for i, v in enumerate(self._views)}
        self._outer = {v.table for v in self._views}
        self._open = {*rules.open_tables}
        self._touched: set[str] = set()
        uri = f"file:{quote(path.as_posix())}?mode=ro"
        self._db: sqlite3.Connection | None = sqlite3.connect(uri, uri=True, cached_statements=0, isolation_level=None)
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        try:
            for name, view in self._inner.items():
                person = permit.subject
                self._db.execute(compile_sqlite.inner_view(name, view, rule, rules, live[view.table], person))
                self._db.execute(compile_sqlite.outer_view(name, view))
            self._db.execute("pragma query_only = on")
            self._db.execute("pragma trusted_schema = off")
        except sqlite3.Error as error:
            self._db.close()
            raise StoreTrouble(
                f"store `{rules.store}` is not as it was applied", help="run `sekisho gate plan` and apply"
            ) from error
        self._db.set_authorizer(self._authorise)

    def _authorise(self, action: int, one: str | None, two: str | None, db: str | None, source: str | None) -> int:
        if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (two or "").lower() in FUNCTIONS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and self._may_read(one or "", db, source):
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    def _may_read(self, table: str, db: str | None, source: str | None) -> bool:
        if source in self._inner:
            # the inner view looks at each row's standing, whatever the statement shows of it
            self._touched.add(self._inner[source].table)
            return db == "main" and table in (self._inner[source].table, GATE)
        if table in self._inner:
            return source in self._outer
        # a table of which no column is read comes without its schema
        return (db == "temp" and table in self._outer) or (db in ("main", None) and table in self._open)

    def run(self, sql: str, params: Sequence[Any] = ()) -> Answer:
        """Run one statement that reads; its reading is witnessed before the rows are handed over."""
        db = self._alive()
        if self._token in sql:
            self._refuse("hidden-name", "this names what is not to be named")
        self._touched = set()
        ends = time.monotonic() + SECONDS
        try:
            db.set_progress_handler(lambda: int(time.monotonic() > ends), 10_000)
            cursor = db.execute(sql, params)
            rows = cursor.fetchall()
        except sqlite3.Error as error:
            self._explain(error)
        except (ValueError, OverflowError) as error:
            raise StoreTrouble("the statement or a value cannot be given to SQLite", help="check it") from error
        columns = tuple(d[0] for d in cursor.description or ())
        if columns:
            self._witness.reading([self._reading(sql, len(rows), self._people(sql, columns, rows))])
        return Answer(columns, rows, len(rows), self._withheld(columns))

    def _alive(self) -> sqlite3.Connection:
        if self._db is None or time.monotonic() >= self._ends:
            self.close()
            raise Refused("this permit is over", help="ask for a new one", clause=self._purpose.clause)
        return self._db

    def _people(self, sql: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> People | None:
        """Return whose rows these are, or None; raises Refused where the promise demands that they be named."""
        if not self._touched:
            return ()
        subject, _, key = self._issued.permit.subject.partition(":")
        if subject:
            return ((subject, key),)
        named = namer(self._naming, plain_origins(sql, columns))
        if named is not None:
            return named.people(rows)
        if self._purpose.witness is Witness.NAMED:
            self._refuse("not-named", NOT_NAMED, help=NAME_THEM)
        return None

    def _reading(self, sql: str, rows: int, people: People | None) -> Reading:
        return Reading(
            store=self._rules.store,
            purpose=self._purpose.name,
            clause=self._purpose.clause,
            grade="scope" if people is None else "named",
            statement=hashlib.sha256(sql.encode("utf-8", "surrogatepass")).hexdigest(),
            at=self._clock(),
            rows=rows,
            keys=people or (),
            permit=hashlib.sha256(self._issued.token.encode()).hexdigest(),
        )

    def _withheld(self, columns: Sequence[str]) -> dict[str, str]:
        found = {}
        for view in self._views:
            if view.table in self._touched:
                for column in set(columns) & set(view.withheld):
                    found[column] = hidden_name(self._rules, self._purpose.name, view.table, column)
        return found

    def _explain(self, error: sqlite3.Error) -> NoReturn:
        """Turn what SQLite says into a refusal that names the clause, where the policy is what says no."""
        said = str(error)
        if said.startswith("no such column: "):
            column = said.removeprefix("no such column: ").rsplit(".", 1)[-1].strip('"')
            for view in self._views:
                if column in view.withheld:
                    self._refuse("withheld", hidden_name(self._rules, self._purpose.name, view.table, column), error)
        if said.startswith("no such table: "):
            table = said.removeprefix("no such table: ").rsplit(".", 1)[-1]
            if self._rules.table(table) is not None:
                self._refuse("no-table", f"purpose `{self._purpose.name}` does not reach table `{table}`", error)
        if "prohibited" in said or "not authorized" in said or "readonly" in said or "query_only" in said:
            self._refuse("no-privilege", f"purpose `{self._purpose.name}` does not reach that", error)
        if "interrupted" in said:
            raise Refused("the statement took too long", help="ask for less at a time") from error
        # what the engine says may hold a value of a row, so only what is about the text is repeated
        harmless = next((h for h in HARMLESS if h in said), "")
        raise StoreTrouble(f"the statement failed{': ' + harmless if harmless else ''}", help="check it") from None

    def _refuse(self, code: str, says: str, error: BaseException | None = None, help: str = ANOTHER) -> NoReturn:
        permit = self._issued.permit
        self._witness.refused(
            self._rules.store,
            Ask(permit.login, permit.purpose, permit.actor, permit.reason),
            code,
            self._purpose.clause,
        )
        raise Refused(says, help=help, clause=self._purpose.clause) from error

    def tables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the tables that this purpose sees, each with the columns that are shown."""
        for view in self._views:
            yield view.table, view.shown

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        self.close()

    def close(self) -> None:
        """End the permit: deny everything, then close."""
        db, self._db = self._db, None
        if db is not None:
            db.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
            db.close()
