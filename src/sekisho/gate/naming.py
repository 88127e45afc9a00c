"""Naming: whose rows are in a result, told from where its columns come from.

A reading is *named* when every table in the result shows the columns that name its person; else only its *scope* is
known. Pure; where a driver does not say where a column comes from, only plain selects from one table are named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sekisho.compiler.rules import RuleSet, ViewRule

People = tuple[tuple[str, str], ...]
"""(class, key) of the people in a result."""

Naming = Mapping[str, Mapping[str, tuple[str, ...]]]
"""table → class → the columns that name a person of that class in a row of it; nobody for a table without people."""

ANOTHER = "state a purpose whose clause uses it"
NOT_NAMED = "this purpose promises that each person read is named, and this statement does not name them"
NAME_THEM = "select the person's key too, by plain columns of tables that hold it"
"""What passages say when they refuse; the words are the same in every engine."""

_NAME = r'(?:\w+|"[^"]+")'
PLAIN = re.compile(
    rf"\s*select\s+(?P<list>\*|{_NAME}(?:\s*,\s*{_NAME})*)\s+from\s+(?P<table>{_NAME})"
    r"(?:\s+(?:where|order|limit)\b.*)?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
COMPOUND = re.compile(r"\b(union|intersect|except|join|group|having|window)\b", re.IGNORECASE)


QUIET = frozenset(("begin", "start", "commit", "end", "rollback", "savepoint", "release", "set", "reset", "show"))
"""First words of statements that touch nobody's data; nothing is witnessed for them."""

NAMEABLE = frozenset(("select", "with", "values", "table", "insert", "update", "delete", "explain", *QUIET))
"""First words of statements whose people can be told; a promise of names refuses all others, such as `do`."""

_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_NESTING = re.compile(r"/\*|\*/")


def first_word(sql: str) -> str:
    """Return the first word of a statement in small letters, after space, brackets and comments; else an empty text.

    Comments nest, as they do in PostgreSQL: `/* /* */ select */ do` begins with `do`.
    """
    at = 0
    while at < len(sql):
        if sql[at].isspace() or sql[at] == "(":
            at += 1
        elif sql.startswith("--", at):
            end = sql.find("\n", at)
            at = len(sql) if end < 0 else end + 1
        elif sql.startswith("/*", at):
            at = _after_comment(sql, at)
        else:
            word = _WORD.match(sql, at)
            return word[0].lower() if word is not None else ""
    return ""


def _after_comment(sql: str, at: int) -> int:
    depth = 0
    for mark in _NESTING.finditer(sql, at):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(sql)


def naming(rules: RuleSet, purpose: str) -> Naming:
    """Return how people are named in the tables that a purpose sees; a table that cannot name them is left out."""
    found: dict[str, Mapping[str, tuple[str, ...]]] = {name: {} for name in rules.open_tables}
    for view in rules.views:
        if view.purpose == purpose and (classes := _of_view(rules, view)):
            found[view.table] = classes
    return found


def _of_view(rules: RuleSet, view: ViewRule) -> Mapping[str, tuple[str, ...]]:
    """Return class → the shown columns that name a person of it in a row: the row's own key, or a link's columns."""
    table = rules.table(view.table)
    if table is None:
        return {}
    found = {table.subject: table.key} if table.subject else {}
    for link in table.owners:
        owner = rules.table(link.table)
        if owner is not None and owner.subject:
            found.setdefault(owner.subject, link.columns)
    return {c: columns for c, columns in found.items() if set(columns) <= set(view.shown)}


@dataclass(frozen=True, slots=True)
class Namer:
    """Where in the rows of one statement's result people are named: (class, positions)."""

    places: tuple[tuple[str, tuple[int, ...]], ...]

    def people(self, rows: Sequence[Sequence[Any]]) -> People:
        """Return the people in a result, each once, in order of class and key."""
        found: set[tuple[str, str]] = set()
        for subject, at in self.places:
            if len(at) == 1:
                (i,) = at
                found.update((subject, str(row[i])) for row in rows if row[i] is not None)
            else:
                parts = ([row[i] for i in at] for row in rows)
                found.update((subject, _composite(p)) for p in parts if None not in p)
        return tuple(sorted(found))


def _composite(parts: Sequence[Any]) -> str:
    return json.dumps([p if isinstance(p, int) else str(p) for p in parts], ensure_ascii=False)


def namer(how: Naming, origins: Sequence[tuple[str, str] | None]) -> Namer | None:
    """Return where people are named in a result, from each column's (table, column); None where not all are."""
    if None in origins or not origins:
        return None
    places = {origin: i for i, origin in enumerate(origins) if origin is not None}
    found = []
    for table in sorted({t for t, _ in places}):
        named = how.get(table)
        if named is None or not all((table, c) in places for columns in named.values() for c in columns):
            return None
        found += [(subject, tuple(places[table, c] for c in columns)) for subject, columns in sorted(named.items())]
    return Namer(tuple(found))


def plain_origins(sql: str, columns: Sequence[str]) -> list[tuple[str, str] | None]:
    """Return where the columns of a plain select from one table come from; all None for any other statement.

    Only bare names or `*` from one named table count: nothing there can be renamed or computed.
    """
    match = PLAIN.match(sql.rstrip().removesuffix(";"))
    if match is None or COMPOUND.search(sql):
        return [None] * len(columns)
    table = match["table"].strip('"')
    return [(table, column) for column in columns]
