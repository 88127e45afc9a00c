"""SQLite: a rule set becomes a mask column, guards, and the views that one passage may see.

The rules of standing are those of PostgreSQL: a person's row takes what is recorded for the person, else the default of
the class; a row of others stands where every owner stands. What a passage sees are temporary views over inner views
with random names; the adapter's authoriser lets only those inner views touch a governed table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sekisho.compiler.plan import Section
from sekisho.compiler.postgres_live import MASK, NOBODY, children
from sekisho.compiler.quoting import ident, listed, made_name, plain_literal
from sekisho.compiler.rules import PurposeRule, RuleSet, TableRule, ViewRule
from sekisho.datamap.model import Link, Withheld
from sekisho.policy.source import Diagnostic

GATE = "sekisho_gate"
STANDING = "sekisho_standing_of"
APPLIED = "sekisho_applied"


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table as the file has it: columns in order, unique column lists, and whether rows have a rowid."""

    columns: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    rowid: bool = True
    kind: str = "table"


def sections(rules: RuleSet, live: Mapping[str, LiveTable]) -> tuple[Section, ...]:
    """Return every section that this rule set needs, in the order in which they are made."""
    made = [_core()]
    made += [_column(t) for t in rules.tables]
    made += [_guard(rules, t, live) for t in rules.tables]
    made += [_people(rules, t) for t in rules.tables if t.subject]
    made += [_masks(rules, t) for t in rules.tables]
    return tuple(made)


def diagnose(rules: RuleSet, live: Mapping[str, LiveTable]) -> tuple[Diagnostic, ...]:
    """Return what keeps this rule set from being applied to this file."""
    found = []
    for table in rules.tables:
        here = live.get(table.name)
        if here is None:
            found.append(Diagnostic("store-table", f"table `{table.name}` is not in the file", help="correct the map"))
            continue
        if here.kind != "table":
            found.append(
                Diagnostic("store-kind", f"`{table.name}` is not an ordinary table", help="map the tables behind it")
            )
        found += [
            Diagnostic("store-column", f"column `{c}` is not in table `{table.name}`", help="correct the map")
            for c in table.columns
            if c not in here.columns
        ]
        needed = bool(table.subject or children(rules, table) or not here.rowid)
        if needed and not any(set(u) == set(table.key) for u in here.unique):
            found.append(
                Diagnostic(
                    "store-key",
                    f"the key of `{table.name}` is not unique in the file",
                    help="name the primary key or a unique constraint in `key:`",
                )
            )
    found += [
        Diagnostic("store-table", f"table `{name}` is not in the file", help="correct the map")
        for name in rules.open_tables
        if name not in live
    ]
    return tuple(found)


def _core() -> Section:
    return Section(
        "core",
        (),
        (
            f"create table {GATE} (only_row integer primary key check (only_row = 1), epoch integer not null, "
            "open_until integer not null, position integer not null)",
            f"insert into {GATE} values (1, 1, 0, 0)",
            f"create table {STANDING} (class text not null, key text not null, mask integer not null, "
            "primary key (class, key)) without rowid",
            f"create table {APPLIED} (position integer primary key, name text not null unique, needs text not null, "
            "fingerprint text not null, down text not null)",
        ),
        (f"drop table {APPLIED}", f"drop table {STANDING}", f"drop table {GATE}"),
    )


def _column(table: TableRule) -> Section:
    name = ident(table.name)
    return Section(
        f"column:{table.name}",
        ("core",),
        (f"alter table {name} add column {MASK} integer not null default 0",),
        (f"alter table {name} drop column {MASK}",),
    )


def key_text(alias: str, columns: tuple[str, ...]) -> str:
    """Return SQL for a person's key as the one text by which all stores name it."""
    parts = [f"{alias}.{ident(c)}" for c in columns]
    return f"cast({parts[0]} as text)" if len(parts) == 1 else f"json_array({', '.join(parts)})"


def key_equals(alias: str, columns: tuple[str, ...], key: str) -> str:
    """Return SQL that says whether a row is that of the person whose key text is the SQL `key`."""
    if len(columns) == 1:
        return f"{alias}.{ident(columns[0])} = {key}"
    return " and ".join(f"{alias}.{ident(c)} = json_extract({key}, '$[{i}]')" for i, c in enumerate(columns))


def default_of(rules: RuleSet, table: TableRule, alias: str) -> str:
    """Return SQL for the mask of a person about whom nothing is recorded: the class's, or nobody's for a minor."""
    if not table.age:
        return str(table.default)
    return f"case when {minor(rules, table, alias)} then {NOBODY} else {table.default} end"


def minor(rules: RuleSet, table: TableRule, alias: str) -> str:
    """Return SQL that says whether a row is of somebody under age; what cannot be read as an age is taken for one."""
    column, under = f"{alias}.{ident(table.age)}", rules.minors_under
    born = f"coalesce(date({column}) > date('now', '-{under} years'), 1)"
    return (
        f"case when {column} is null then 0 when {column} glob '[0-9][0-9][0-9][0-9]-*' then {born} "
        f"else cast({column} as integer) < {under} end"
    )


def right_mask(rules: RuleSet, table: TableRule, alias: str) -> str:
    """Return SQL for the mask that a row must have, from standing and its owners' masks."""
    parts = []
    if table.subject:
        parts.append(
            f"coalesce((select s.mask from {STANDING} s where s.class = {plain_literal(table.subject)} "
            f"and s.key = {key_text(alias, table.key)}), {default_of(rules, table, alias)})"
        )
    for link in table.owners:
        whole = " and ".join(f"{alias}.{ident(c)} is not null" for c in link.columns)
        same = _joined(rules, link, "o", alias)
        above = f"select o.{MASK} from {ident(link.table)} o where {same}"
        parts.append(f"case when {whole} then coalesce(({above}), {NOBODY}) else -1 end")
    whole_mask = " & ".join(parts)
    return f"(select case m when -1 then {NOBODY} else m end from (select {whole_mask} as m))"


def _joined(rules: RuleSet, link: Link, owner: str, owned: str) -> str:
    above = rules.table(link.table)
    if above is None:
        raise KeyError(link.table)
    pairs = zip(above.key, link.columns, strict=True)
    return " and ".join(f"{owner}.{ident(k)} = {owned}.{ident(c)}" for k, c in pairs)


def _guard(rules: RuleSet, table: TableRule, live: Mapping[str, LiveTable]) -> Section:
    name = ident(table.name)
    here = live.get(table.name)
    same = "rowid = new.rowid" if here is None or here.rowid else _same_key(table)
    right = right_mask(rules, table, ident(table.name))
    set_right = f"update {name} set {MASK} = {right} where {same}"
    own = [*table.key, *([table.age] if table.age else [])] if table.subject else []
    fixed = [*own, *(c for link in table.owners for c in link.columns), MASK]
    events = {
        "insert": f"after insert on {name}",
        "update": f"after update of {listed(dict.fromkeys(fixed))} on {name}",
    }
    bodies = {
        "insert": [set_right],
        # without recursive triggers the inner update does not come back here
        "update": [f"{set_right} and {MASK} <> {right}"],
    }
    owned = children(rules, table)
    if owned:
        events["carry"] = f"after update of {listed((*table.key, MASK))} on {name}"
        events["gone"] = f"after delete on {name}"
        bodies["carry"] = _touch(rules, owned, "new") + _touch(rules, owned, "old")
        bodies["gone"] = _touch(rules, owned, "old")
        bodies["insert"] += _touch(rules, owned, "new")
    up = [
        f"create trigger {_trigger(event, table)} {when} begin {'; '.join(bodies[event])}; end"
        for event, when in events.items()
    ]
    down = [f"drop trigger {_trigger(event, table)}" for event in reversed(events)]
    near = (table.name, *(link.table for link in table.owners), *(c.name for c, _ in owned))
    return Section(f"guard:{table.name}", tuple(dict.fromkeys(f"column:{n}" for n in near)), tuple(up), tuple(down))


def _trigger(event: str, table: TableRule) -> str:
    return ident(made_name(f"sekisho {event}", table.name))


def _same_key(table: TableRule) -> str:
    return " and ".join(f"{ident(c)} = new.{ident(c)}" for c in table.key)


def _touch(rules: RuleSet, owned: list[tuple[TableRule, Link]], row: str) -> list[str]:
    """Return statements that give the rows that belong to a changed row the mask they must have."""
    statements = []
    for child, link in owned:
        above = rules.table(link.table)
        if above is None:
            raise KeyError(link.table)
        pairs = zip(link.columns, above.key, strict=True)
        match = " and ".join(f"{ident(c)} = {row}.{ident(k)}" for c, k in pairs)
        right = right_mask(rules, child, ident(child.name))
        statements.append(f"update {ident(child.name)} set {MASK} = {right} where {match} and {MASK} <> {right}")
    return statements


def _people(rules: RuleSet, table: TableRule) -> Section:
    """Carry a change of a person's standing to the person's rows."""
    name, who = ident(table.name), plain_literal(table.subject)
    right = right_mask(rules, table, name)
    up, down = [], []
    for event, row in (("insert", "new"), ("update", "new"), ("delete", "old")):
        trigger = _trigger(f"standing {event}", table)
        match = key_equals(name, table.key, f"{row}.key")
        up.append(
            f"create trigger {trigger} after {event} on {STANDING} when {row}.class = {who} "
            f"begin update {name} set {MASK} = {right} where {match}; end"
        )
        down.append(f"drop trigger {trigger}")
    return Section(f"people:{table.name}", (f"column:{table.name}", f"guard:{table.name}"), tuple(up), tuple(down))


def _masks(rules: RuleSet, table: TableRule) -> Section:
    right = right_mask(rules, table, ident(table.name))
    needs = (f"guard:{table.name}", *(f"masks:{link.table}" for link in table.owners))
    return Section(
        f"masks:{table.name}", needs, (f"update {ident(table.name)} set {MASK} = {right} where {MASK} <> {right}",), ()
    )


def inner_view(name: str, view: ViewRule, purpose: PurposeRule, rules: RuleSet, here: LiveTable, person: str) -> str:
    """Return the inner view of a table for a purpose; `person` is the key that one person's request is about.

    SQLite has no barrier: where an index holds a column, a condition on it runs before the mask is looked at, and could
    fail with a hidden value in its message. So what is not a key shows itself only where the row stands.
    """
    table = rules.table(view.table)
    bare = {*here.columns} if table is None else {*table.key, *(c for link in table.owners for c in link.columns)}
    columns = []
    for column in here.columns:
        if column in view.shown and column in bare:
            columns.append(f"t.{ident(column)}")
        elif column in view.shown:
            columns.append(f"case when (t.{MASK} & {purpose.bit}) <> 0 then t.{ident(column)} end as {ident(column)}")
        elif column in view.withheld and rules.withheld is Withheld.NULL:
            columns.append(f"null as {ident(column)}")
    conditions = [f"(t.{MASK} & {purpose.bit}) <> 0"]
    if purpose.opt_in:
        conditions.append(f"(select open_until from main.{GATE}) > cast(strftime('%s', 'now') as integer)")
    if view.person:
        subject, _, key = person.partition(":")
        match = key_equals("t", view.person, plain_literal(key))
        conditions.append(f"({match})" if subject == view.person_class else "0")
    where = " and ".join(conditions)
    return (
        f"create temp view {ident(name)} as select {', '.join(columns)} from main.{ident(view.table)} t where {where}"
    )


def outer_view(inner: str, view: ViewRule) -> str:
    """Return the view that carries the table's own name."""
    return f"create temp view {ident(view.table)} as select * from temp.{ident(inner)}"
