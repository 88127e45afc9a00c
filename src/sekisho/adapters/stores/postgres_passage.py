"""A way through the PostgreSQL gate: one connection of the login, one session permit, every reading witnessed first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

import psycopg

from sekisho.compiler.lower import hidden_name
from sekisho.compiler.postgres_live import schema_of
from sekisho.compiler.quoting import ident
from sekisho.compiler.rules import PurposeRule, RuleSet, ViewRule
from sekisho.gate.decide import Ask
from sekisho.gate.session import Answer, Issued, Reading, Witness
from sekisho.ground import stamp
from sekisho.ground.errors import Refused

Connection = psycopg.Connection[tuple[Any, ...]]

VIEW_COLUMNS = b"""
select a.attrelid::oid::int8, a.attnum, c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s and c.relkind = 'v' and a.attnum > 0 and not a.attisdropped
"""


def person_columns(rules: RuleSet, view: ViewRule) -> Mapping[str, tuple[str, ...]]:
    """Return class → the shown columns that name a person of it in a row of this view: its own key, or a link's."""
    table = rules.table(view.table)
    if table is None:
        return {}
    found = {table.subject: table.key} if table.subject else {}
    for link in table.owners:
        owner = rules.table(link.table)
        if owner is not None and owner.subject:
            found.setdefault(owner.subject, link.columns)
    return {c: columns for c, columns in found.items() if set(columns) <= set(view.shown)}


class PostgresPassage:
    """An open session under one permit."""

    def __init__(self, db: Connection, issued: Issued, rules: RuleSet, witness: Witness, clock: stamp.Clock) -> None:
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
        rows = db.execute(VIEW_COLUMNS, (self._schema,)).fetchall()
        self._columns = {(oid, number): (table, column) for oid, number, table, column in rows}

    def run(self, sql: str, params: Sequence[Any] = ()) -> Answer:
        """Run one statement; its reading is witnessed before the rows are handed over."""
        try:
            cursor = self._db.execute(sql.encode(), params or None)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported) as error:
            self._refuse("no-privilege", self._of_privilege(error), error)
        except psycopg.errors.UndefinedColumn as error:
            self._refuse_column(error)
        if cursor.description is None:
            return Answer((), (), max(cursor.rowcount, 0), {})
        rows = cursor.fetchall()
        origins = self._origins(cursor)
        self._witness.reading([self._reading(sql, params, rows, origins)])
        return Answer(tuple(d.name for d in cursor.description), rows, len(rows), self._withheld(origins))

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

    def _reading(
        self,
        sql: str,
        params: Sequence[Any],
        rows: Sequence[tuple[Any, ...]],
        origins: Sequence[tuple[str, str] | None],
    ) -> Reading:
        keys = self._keys(rows, origins)
        return Reading(
            store=self._rules.store,
            purpose=self._purpose.name,
            clause=self._purpose.clause,
            grade="scope" if keys is None else "named",
            statement=hashlib.sha256(sql.encode()).hexdigest(),
            at=self._clock(),
            rows=len(rows),
            keys=keys or (),
            permit=hashlib.sha256(self._issued.token.encode()).hexdigest(),
        )

    def _keys(
        self, rows: Sequence[tuple[Any, ...]], origins: Sequence[tuple[str, str] | None]
    ) -> tuple[tuple[str, str], ...] | None:
        """Return the people in the result where every table in it names them, else None."""
        places = {origin: i for i, origin in enumerate(origins) if origin is not None}
        if len(places) < len(origins):
            return None
        found: set[tuple[str, str]] = set()
        for table in {t for t, _ in places}:
            view = self._rules.view(self._purpose.name, table)
            named = person_columns(self._rules, view) if view else {}
            for subject, columns in named.items():
                if not all((table, c) in places for c in columns):
                    return None
                at = [places[table, c] for c in columns]
                found.update(
                    (subject, _key_text([row[i] for i in at])) for row in rows if all(row[i] is not None for i in at)
                )
            if not named:
                return None
        return tuple(sorted(found))

    def _refuse_column(self, error: psycopg.Error) -> None:
        said = error.diag.message_primary or ""
        for view in self._rules.views:
            if view.purpose == self._purpose.name:
                for column in view.withheld:
                    if f'"{column}"' in said or f".{column} " in said:
                        self._refuse(
                            "withheld", hidden_name(self._rules, self._purpose.name, view.table, column), error
                        )
        raise error

    def _of_privilege(self, error: psycopg.Error) -> str:
        said = error.diag.message_primary or "permission denied"
        return f"{said}: purpose `{self._purpose.name}` of clause #{self._purpose.clause} does not reach that"

    def _refuse(self, code: str, says: str, error: BaseException) -> None:
        permit = self._issued.permit
        ask = Ask(permit.login, permit.purpose, permit.actor, permit.reason)
        self._witness.refused(self._rules.store, ask, code, self._purpose.clause)
        raise Refused(says, help="state a purpose whose clause uses it", clause=self._purpose.clause) from error

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


def _key_text(parts: Sequence[Any]) -> str:
    if len(parts) == 1:
        return str(parts[0])
    return "[" + ", ".join(f'"{p}"' if isinstance(p, str) else str(p) for p in parts) + "]"
