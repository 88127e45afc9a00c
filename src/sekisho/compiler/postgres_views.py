"""What purposes see in PostgreSQL: one schema of barrier views a purpose, entered by permit or held by role.

The check of the permit is an uncorrelated sub-select, so it runs once a statement; its names are bound when the view
is made, so no search_path can lead it astray. A view shows the rows whose mask has the purpose's bit.
"""

from __future__ import annotations

from sekisho.compiler.plan import Section
from sekisho.compiler.postgres_guard import key_parts
from sekisho.compiler.postgres_live import MASK, Inventory, Names, base, role_schema_of, schema_of
from sekisho.compiler.quoting import ident, listed, literal, qualified
from sekisho.compiler.rules import LoginRule, PurposeRule, RuleSet, TableRule, ViewRule
from sekisho.datamap.model import Withheld
from sekisho.policy.model import Action


def purpose(rule: PurposeRule, rules: RuleSet, live: Inventory, names: Names) -> Section:
    """Make a purpose's schema of views and let in the logins whose ceiling holds it."""
    logins = [i.name for i in rules.logins if rule.name in i.purposes]
    made, tables = _schema(rule, rules, live, names, logins, held=False)
    known = f"({rule.number}, {literal(rule.name)}, {literal(rule.clause)})"
    return Section(
        f"purpose:{rule.name}",
        ("core", *(f"owner:{t}" for t in tables), *(f"login:{i}" for i in logins)),
        (f"insert into sekisho.purpose (number, name, clause) values {known}", *made),
        (
            f"drop schema {ident(schema_of(rule.name))} cascade",
            f"delete from sekisho.purpose where number = {rule.number}",
        ),
    )


def held(rule: PurposeRule, rules: RuleSet, live: Inventory, names: Names) -> Section:
    """Make the views of a purpose that services hold by role: no permit to check, the standing all the same."""
    logins = [i.name for i in rules.logins if i.bound == rule.name]
    made, tables = _schema(rule, rules, live, names, logins, held=True)
    return Section(
        f"held:{rule.name}",
        ("core", *(f"owner:{t}" for t in tables), *(f"login:{i}" for i in logins)),
        tuple(made),
        (f"drop schema {ident(role_schema_of(rule.name))} cascade",),
    )


def open_table(table: str, rules: RuleSet) -> Section:
    """Let every purpose read a table that holds no personal data."""
    logins: list[LoginRule] = [i for i in rules.logins if i.purposes or i.bound]
    to = listed(i.name for i in logins)
    up = (f"grant select on {base(rules, table)} to {to}",)
    down = (f"revoke select on {base(rules, table)} from {to}",)
    return Section(f"open:{table}", tuple(f"login:{i.name}" for i in logins), *((up, down) if logins else ((), ())))


def sequences(table: TableRule, rules: RuleSet, live: Inventory) -> Section:
    """Let the logins that may create rows of a table take numbers from the table's own sequences."""
    creating = {v.purpose for v in rules.views if v.table == table.name and Action.CREATE in v.may}
    logins = [i.name for i in rules.logins if creating & {*i.purposes, i.bound}]
    own = [qualified(s, n) for s, n in live.tables[table.name].sequences] if logins else []
    return Section(
        f"sequences:{table.name}",
        (f"owner:{table.name}", *(f"login:{i}" for i in logins)),
        tuple(f"grant usage on sequence {name} to {listed(logins)}" for name in own),
        tuple(f"revoke usage on sequence {name} from {listed(logins)}" for name in own),
    )


def _schema(
    rule: PurposeRule, rules: RuleSet, live: Inventory, names: Names, logins: list[str], *, held: bool
) -> tuple[list[str], list[str]]:
    schema = role_schema_of(rule.name) if held else schema_of(rule.name)
    up = [f"create schema {ident(schema)} authorization {ident(names.gate)}"]
    if logins:
        up.append(f"grant usage on schema {ident(schema)} to {listed(logins)}")
    views = [v for v in rules.views if v.purpose == rule.name]
    for view in views:
        name = qualified(schema, view.table)
        up += [_view(view, name, rule, rules, live, held), f"alter view {name} owner to {ident(names.gate)}"]
        if logins:
            up += _grants(view, name, rules, live, listed(logins))
    return up, [v.table for v in views]


def _view(view: ViewRule, name: str, rule: PurposeRule, rules: RuleSet, live: Inventory, held: bool) -> str:
    conditions = [*_entrance(view, rule, live, held), f"(t.{MASK} & {rule.bit}::bigint) <> 0"]
    checked = "\n  with local check option" if {Action.CREATE, Action.UPDATE} & set(view.may) else ""
    return (
        f"create view {name} with (security_barrier = true) as\n"
        f"  select {', '.join(_columns(view, rules, live))}\n  from {base(rules, view.table)} t\n  where "
        + "\n    and ".join(conditions)
        + checked
    )


def _columns(view: ViewRule, rules: RuleSet, live: Inventory) -> list[str]:
    """Return the columns in the table's order; a withheld one is a NULL of its type that can never be written."""
    columns = []
    for name, _ in live.tables[view.table].columns:
        if name in view.shown:
            columns.append(f"t.{ident(name)}")
        elif name in view.withheld and rules.withheld is Withheld.NULL:
            columns.append(f"case when false then t.{ident(name)} end as {ident(name)}")
    return columns


def _entrance(view: ViewRule, rule: PurposeRule, live: Inventory, held: bool) -> list[str]:
    if view.person:
        key = f"case when e.subject_class = {literal(view.person_class)} then e.subject_key end"
        parts = key_parts(view.person, key, live.tables[view.table])
        return [f"t.{ident(c)} = {_permit(rule, part)}" for c, part in zip(view.person, parts, strict=True)]
    if not held:
        return [_permit(rule, "true")]
    if rule.opt_in:
        return ["(select true from sekisho.lease l where l.open_until > clock_timestamp())"]
    return []


def _permit(rule: PurposeRule, what: str) -> str:
    lease = " join sekisho.lease l on l.open_until > clock_timestamp()" if rule.opt_in else ""
    return (
        f"(select {what} from sekisho.entered e{lease} where e.pid = pg_backend_pid() and e.number = {rule.number} "
        "and e.until > clock_timestamp() and (e.xid = pg_current_xact_id_if_assigned() "
        "or e.session = current_setting('sekisho.session', true)))"
    )


def _grants(view: ViewRule, name: str, rules: RuleSet, live: Inventory, to: str) -> list[str]:
    table, here = rules.table(view.table), live.tables[view.table]
    if table is None:
        raise KeyError(view.table)
    fixed = {*table.key, *(c for link in table.owners for c in link.columns)}
    shown = [c for c, _ in here.columns if c in view.shown]
    free = [c for c in shown if c not in fixed]
    grants = [f"grant select on {name} to {to}"]
    if Action.CREATE in view.may:
        grants.append(f"grant insert ({listed(shown)}) on {name} to {to}")
    if Action.UPDATE in view.may and free:
        grants.append(f"grant update ({listed(free)}) on {name} to {to}")
    if Action.DELETE in view.may:
        grants.append(f"grant delete on {name} to {to}")
    return grants
