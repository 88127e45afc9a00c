"""What purposes see in PostgreSQL: one schema of views a purpose, entered by permit or held by role.

The views choose columns; which rows they show is row-level security for the role that owns them, so conditions of a
statement never run before it, and the planner still uses every index and order of the table (a barrier view would sort
the whole table for a page of ten rows). The check of the permit is an uncorrelated sub-select: it runs once a
statement, and its names are bound when the policy is made, so no search_path can lead it astray.
"""

from __future__ import annotations

from sekisho.compiler.plan import Section
from sekisho.compiler.postgres_guard import key_parts
from sekisho.compiler.postgres_live import MASK, Inventory, Names, base, role_schema_of, schema_of
from sekisho.compiler.postgres_roles import drop_role, make_role
from sekisho.compiler.quoting import ident, listed, literal, made_name, qualified
from sekisho.compiler.rules import LoginRule, PurposeRule, RuleSet, TableRule, ViewRule
from sekisho.datamap.model import Withheld
from sekisho.policy.model import Action


def purpose(rule: PurposeRule, rules: RuleSet, live: Inventory, names: Names) -> Section:
    """Make a purpose's schema of views and let in the logins whose ceiling holds it."""
    logins = [i.name for i in rules.logins if rule.name in i.purposes]
    up, down, tables = _schema(rule, rules, live, names, logins, held=False)
    known = f"({rule.number}, {literal(rule.name)}, {literal(rule.clause)})"
    return Section(
        f"purpose:{rule.name}",
        ("core", *(f"owner:{t}" for t in tables), *(f"login:{i}" for i in logins)),
        (f"insert into sekisho.purpose (number, name, clause) values {known}", *up),
        (*down, f"delete from sekisho.purpose where number = {rule.number}"),
    )


def held(rule: PurposeRule, rules: RuleSet, live: Inventory, names: Names) -> Section:
    """Make the views of a purpose that services hold by role: no permit to check, the standing all the same."""
    logins = [i.name for i in rules.logins if i.bound == rule.name]
    up, down, tables = _schema(rule, rules, live, names, logins, held=True)
    needs = ("core", *(f"owner:{t}" for t in tables), *(f"login:{i}" for i in logins))
    return Section(f"held:{rule.name}", needs, tuple(up), tuple(down))


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
) -> tuple[list[str], list[str], list[str]]:
    """Return how the views of a purpose and the role that owns them are made and unmade, and the tables they show."""
    owner = names.purpose(rule.name, held=held)
    schema, role = ident((role_schema_of if held else schema_of)(rule.name)), ident(owner)
    views = [v for v in rules.views if v.purpose == rule.name]
    up = [
        make_role(owner, "nologin noinherit"),
        f"grant usage on schema {ident(rules.schema)}, sekisho to {role}",
        f"grant select on sekisho.entered, sekisho.lease to {role}",
        f"create schema {schema} authorization {role}",
    ]
    down = [f"drop schema {schema} cascade"]
    if logins:
        up.append(f"grant usage on schema {schema} to {listed(logins)}")
    for view in views:
        here, name = base(rules, view.table), f"{schema}.{ident(view.table)}"
        policy = ident(made_name("sekisho", role_schema_of(rule.name) if held else schema_of(rule.name)))
        may = ", ".join(dict.fromkeys(("select", *(_PRIVILEGE[a] for a in view.may))))
        up += [
            f"grant {may} on {here} to {role}",
            f"create policy {policy} on {here} to {role}\n  using ({_rows(view, rule, live, held)})",
            # made by its owner: default privileges of whoever applies this would give more than the policy does
            f"set local role {role}",
            f"create view {name} as\n  select {', '.join(_columns(view, rules, live))}\n  from {here} t",
            "reset role",
        ]
        down += [f"drop policy {policy} on {here}", f"revoke all on {here} from {role}"]
        if logins:
            up += _grants(view, name, rules, live, listed(logins))
    down += [
        f"revoke all on sekisho.entered, sekisho.lease from {role}",
        f"revoke usage on schema {ident(rules.schema)}, sekisho from {role}",
        drop_role(owner),
    ]
    return up, down, [v.table for v in views]


_PRIVILEGE = {Action.READ: "select", Action.CREATE: "insert", Action.UPDATE: "update", Action.DELETE: "delete"}


def _rows(view: ViewRule, rule: PurposeRule, live: Inventory, held: bool) -> str:
    """Return which rows the purpose's role sees and may leave behind: those that stand, while it may look at all."""
    return "\n    and ".join([*_entrance(view, rule, live, held), f"({MASK} & {rule.bit}::bigint) <> 0"])


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
        return [f"{ident(c)} = {_permit(rule, part)}" for c, part in zip(view.person, parts, strict=True)]
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
