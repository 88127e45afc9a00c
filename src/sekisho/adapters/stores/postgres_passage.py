"""A way through the PostgreSQL gate: one connection of the login, one session permit, every reading witnessed first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NoReturn, Self

import psycopg

from sekisho.compiler.lower import hidden_name
from sekisho.compiler.postgres_live import COLUMN_ORIGINS, schema_of
from sekisho.compiler.quoting import ident
from sekisho.compiler.rules import PurposeRule, RuleSet
from sekisho.gate.decide import Ask
from sekisho.gate.naming import (
    ANOTHER,
    NAME_THEM,
    NAMEABLE,
    NOT_NAMED,
    QUIET,
    People,
    first_word,
    namer,
    naming,
)
from sekisho.gate.session import Answer, Issued, Reading
from sekisho.gate.session import Witness as WitnessPort
from sekisho.ground import stamp
from sekisho.ground.errors import Refused, SekishoError, StoreTrouble
from sekisho.policy.model import Witness

Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresPassage:
    """An open session under one permit."""

    def __init__(
        self, db: Connection, issued: Issued, rules: RuleSet, witness: WitnessPort, clock: stamp.Clock
    ) -> None:
        """Enter with the permit; raises Refused when the store does not take it."""
        self._db, self._issued, self._rules, self._witness, self._clock = db, issued, rules, witness, clock
        permit = issued.permit
        rule = rules.purpose(permit.purpose)
        if rule is None:
            raise Refused(f"`{permit.purpose}` is not a purpose of the policy")
        self._purpose: PurposeRule = rule
        self._schema = schema_of(permit.purpose)
        try:
            db.execute("select sekisho.enter(%s)", (issued.token,))
            db.execute(f"set search_path = {ident(self._schema)}, {ident(rules.schema)}".encode())
        except psycopg.errors.InsufficientPrivilege as error:
            raise Refused(
                error.diag.message_primary or "", help=error.diag.message_hint or "", clause=rule.clause
            ) from error
        rows = db.execute(COLUMN_ORIGINS, (self._schema, rules.schema, list(rules.open_tables))).fetchall()
        self._naming = naming(rules, rule.name)
        self._columns = {(oid, number): (table, column) for oid, number, table, column in rows}

    def run(self, sql: str, params: Sequence[Any] = ()) -> Answer:
        """Run one statement; its reading is witnessed before the rows are handed over."""
        if self._purpose.witness is not Witness.NAMED:
            return self._run(sql, params)
        if first_word(sql) not in NAMEABLE:
            self._refuse("not-named", NOT_NAMED, None, help=NAME_THEM)
        if first_word(sql) in QUIET:
            return self._run(sql, params)
        # what a refused statement did, such as a notification, is taken back with it
        with self._db.transaction():
            return self._run(sql, params)

    def _run(self, sql: str, params: Sequence[Any]) -> Answer:
        try:
            # prepared, because then the server takes one statement and no more
            cursor = self._db.execute(sql.encode(), params or None, prepare=True)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported) as error:
            self._refuse("no-privilege", self._of_privilege(error), error, help=_remedy(error))
        except psycopg.errors.UndefinedColumn as error:
            self._refuse_column(error)
        except psycopg.errors.AdminShutdown:
            raise Refused("this permit is over", help="ask for a new one", clause=self._purpose.clause) from None
        except psycopg.Error as error:
            raise _trouble(error) from None
        except UnicodeEncodeError as error:
            raise StoreTrouble("the statement is not text that can be sent", help="check it") from error
        if cursor.description is None:
            if first_word(sql) not in QUIET:
                self._witness.reading([self._reading(sql, max(cursor.rowcount, 0), self._whose())])
            return Answer((), (), max(cursor.rowcount, 0), {})
        rows = cursor.fetchall()
        origins = self._origins(cursor)
        self._witness.reading([self._reading(sql, len(rows), self._people(rows, origins))])
        return Answer(tuple(d.name for d in cursor.description), rows, len(rows), self._withheld(origins))

    def _whose(self) -> People | None:
        """Return the one person whose request this is, where the permit says so."""
        subject, _, key = self._issued.permit.subject.partition(":")
        return ((subject, key),) if subject else None

    def _origins(self, cursor: psycopg.Cursor[tuple[Any, ...]]) -> list[tuple[str, str] | None]:
        result = cursor.pgresult
        if result is None:
            return []
        return [self._columns.get((result.ftable(i), result.ftablecol(i))) for i in range(result.nfields)]

    def _withheld(self, origins: Sequence[tuple[str, str] | None]) -> dict[str, str]:
        found = {}
        for origin in origins:
            view = self._rules.view(self._purpose.name, origin[0]) if origin else None
            if origin and view and origin[1] in view.withheld:
                found[origin[1]] = hidden_name(self._rules, self._purpose.name, *origin)
        return found

    def _reading(self, sql: str, rows: int, people: People | None) -> Reading:
        return Reading(
            store=self._rules.store,
            purpose=self._purpose.name,
            clause=self._purpose.clause,
            grade="scope" if people is None else "named",
            statement=hashlib.sha256(sql.encode()).hexdigest(),
            at=self._clock(),
            rows=rows,
            keys=people or (),
            permit=hashlib.sha256(self._issued.token.encode()).hexdigest(),
        )

    def _people(self, rows: Sequence[Sequence[Any]], origins: Sequence[tuple[str, str] | None]) -> People | None:
        """Return whose rows these are, or None; raises Refused where the promise demands that they be named."""
        whose = self._whose()
        if whose is not None:
            return whose
        named = namer(self._naming, origins)
        if named is not None:
            return named.people(rows)
        if self._purpose.witness is Witness.NAMED:
            self._refuse("not-named", NOT_NAMED, None, help=NAME_THEM)
        return None

    def _refuse_column(self, error: psycopg.Error) -> NoReturn:
        said = error.diag.message_primary or ""
        for view in self._rules.views:
            if view.purpose == self._purpose.name:
                for column in view.withheld:
                    if f'"{column}"' in said or f".{column} " in said:
                        self._refuse(
                            "withheld", hidden_name(self._rules, self._purpose.name, view.table, column), error
                        )
        raise _trouble(error)

    def _of_privilege(self, error: psycopg.Error) -> str:
        said = error.diag.message_primary or "permission denied"
        return f"{said}: purpose `{self._purpose.name}` of clause #{self._purpose.clause} does not reach that"

    def _refuse(self, code: str, says: str, error: BaseException | None, help: str = ANOTHER) -> NoReturn:
        permit = self._issued.permit
        ask = Ask(permit.login, permit.purpose, permit.actor, permit.reason)
        self._witness.refused(self._rules.store, ask, code, self._purpose.clause)
        raise Refused(says, help=help, clause=self._purpose.clause) from error

    def tables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the tables that this purpose sees, each with the columns that are shown."""
        for view in self._rules.views:
            if view.purpose == self._purpose.name:
                yield view.table, view.shown

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        self.close()

    def close(self) -> None:
        """End the permit and the connection."""
        with suppress(psycopg.Error):
            self._db.execute("select sekisho.leave()")
        self._db.close()


def _remedy(error: psycopg.Error) -> str:
    """Return what helps against a missing privilege: another purpose, or a grant where a trigger lacks it."""
    if "PL/pgSQL function" in (error.diag.context or ""):
        return "a function of the application needs it: grant it to the login, or make the function `security definer`"
    return ANOTHER


def _trouble(error: psycopg.Error) -> SekishoError:
    """Return what is wrong with a statement; a message about data may hold a value of a row, so it is not repeated."""
    said = error.diag.message_primary or "the connection is gone"
    # class 42 speaks of the statement alone; an operational error, of the connection
    about_text = (error.sqlstate or "").startswith("42") or isinstance(error, psycopg.OperationalError)
    what = f": {said}" if about_text else f" ({type(error).__name__})"
    return StoreTrouble(f"the statement failed{what}", help=error.diag.message_hint or "check it")
