"""PostgreSQL: a rule set becomes sections of SQL, each with its way back.

The order is the order of trust: roles, the gate's own schema, what the database at large may do, then each governed
table's mask column and owner, the guards, the people's standing, the logins, and one schema of views a purpose.
Nothing here talks to a database; what must be known of the live one comes in as an `Inventory`.
"""

from __future__ import annotations

from importlib.resources import files

from sekisho.compiler import postgres_guard as guards
from sekisho.compiler import postgres_views as views
from sekisho.compiler.plan import Section
from sekisho.compiler.postgres_live import MASK, Inventory, LiveTable, Names, base, children, role_schema_of, schema_of
from sekisho.compiler.postgres_roles import drop_role, make_role
from sekisho.compiler.quoting import fill, ident, listed, literal
from sekisho.compiler.rules import LoginRule, RuleSet, TableRule
from sekisho.ground import canon
from sekisho.policy.source import Diagnostic


def sections(rules: RuleSet, live: Inventory) -> tuple[Section, ...]:
    """Return every section that this rule set needs, in the order in which they are made."""
    names = Names.of(live.database)
    seen = {v.purpose for v in rules.views}
    bound = {i.bound for i in rules.logins if i.bound}
    made = [_roles(names), _core(rules, names), _database(rules, live)]
    for table in rules.tables:
        made += [_column(rules, table), _owner(rules, table, live, names)]
    made += [guards.guard(rules, table, live, names) for table in rules.tables]
    made += [guards.masks(rules, table, live) for table in rules.tables]
    made += [guards.project(rules, live, names), guards.minors(rules, live, names)]
    made += [_login(login, rules, live) for login in rules.logins]
    made += [views.purpose(p, rules, live, names) for p in rules.purposes if p.name in seen]
    made += [views.held(p, rules, live, names) for p in rules.purposes if p.name in bound]
    made += [views.sequences(table, rules, live) for table in rules.tables]
    made += [views.open_table(table, rules) for table in rules.open_tables]
    return tuple(made)


def diagnose(rules: RuleSet, live: Inventory) -> tuple[Diagnostic, ...]:
    """Return what keeps this rule set from being applied to this database."""
    found = [d for table in rules.tables for d in _diagnose_table(table, rules, live)]
    found += [
        _trouble(
            "store-login", f"login `{login.name}` is an administrator ({word})", "give the application its own login"
        )
        for login in rules.logins
        for word in ("superuser", "createrole", "replication", "bypassrls")
        if word in live.roles.get(login.name, "").split() and not (login.backup and word != "superuser")
    ]
    found += [
        _trouble("store-login", f"login `{login.name}` owns the database", "give the application its own login")
        for login in rules.logins
        if login.name == live.owner
    ]
    found += [
        _trouble("store-table", f"table `{name}` is not in schema `{rules.schema}`", "correct the map, or create it")
        for name in rules.open_tables
        if name not in live.tables
    ]
    wanted = {schema_of(v.purpose) for v in rules.views} | {role_schema_of(i.bound) for i in rules.logins if i.bound}
    found += [
        _trouble(
            "store-schema",
            f"schema `{name}` exists already and is not the gate's",
            "rename the schema or the purpose of that name",
        )
        for name in sorted(wanted & (live.schemas - live.ours))
    ]
    return tuple(found)


def _diagnose_table(table: TableRule, rules: RuleSet, live: Inventory) -> list[Diagnostic]:
    here = live.tables.get(table.name)
    if here is None:
        return [_trouble("store-table", f"table `{table.name}` is not in schema `{rules.schema}`", "correct the map")]
    if here.family:
        return [
            _trouble(
                "store-kind",
                f"`{table.name}` shares its rows with another table, by partitions or inheritance",
                "take it out of the map, and let no login of a purpose read it: such tables cannot be kept",
            )
        ]
    if here.kind != "r":
        return [_trouble("store-kind", f"`{table.name}` is not an ordinary table", "map the tables behind it instead")]
    if here.row_security:
        return [
            _trouble(
                "store-row-security",
                f"table `{table.name}` has row-level security of its own",
                "drop its policies: what they allow would be added to what the policy allows",
            )
        ]
    known = {name for name, _ in here.columns}
    found = [
        _trouble("store-column", f"column `{name}` is not in table `{table.name}`", "correct the map")
        for name in dict.fromkeys((*table.columns, *table.key, *(c for link in table.owners for c in link.columns)))
        if name not in known
    ]
    needed = bool(table.subject or children(rules, table))
    if needed and not any(set(unique) == set(table.key) for unique in here.unique):
        found.append(
            _trouble(
                "store-key",
                f"the key of `{table.name}` is not unique in the database",
                "name the primary key or a unique constraint in `key:`",
            )
        )
    return found


def _trouble(code: str, message: str, remedy: str) -> Diagnostic:
    return Diagnostic(code, message, help=remedy)


def _roles(names: Names) -> Section:
    others = (names.owner, names.witness, names.service)
    # the gate inherits one thing, pg_read_all_stats, without which its watcher sees nothing
    up = (make_role(names.gate, "nologin inherit"), *(make_role(n, "nologin noinherit") for n in others))
    return Section("roles", (), up, tuple(drop_role(n) for n in (names.gate, *others)))


def _core(rules: RuleSet, names: Names) -> Section:
    template = files("sekisho.compiler").joinpath("postgres_core.sql").read_text(encoding="utf-8")
    words = {"gate": ident(names.gate), "store": literal(rules.store), "buckets": str(guards.BUCKETS)}
    create, *body = (fill(piece, words).strip() for piece in template.split("--;"))
    witness, service = ident(names.witness), ident(names.service)
    both = ("witness_permit(text, text)", "witness_readings(jsonb)")
    alone = ("renew(timestamptz, bigint)", "close_store()", "collect(integer)", "overdue(interval)")
    grants = (
        "revoke all on all tables in schema sekisho from public",
        "revoke all on all functions in schema sekisho from public",
        f"grant usage on schema sekisho to {witness}, {service}",
        f"grant select on sekisho.lease to {witness}, {service}",
        *(f"grant execute on function sekisho.{f} to {witness}, {service}" for f in both),
        *(f"grant execute on function sekisho.{f} to {service}" for f in alone),
        f"grant usage on schema {ident(rules.schema)} to {ident(names.gate)}",
        # the watcher must see which backends are gone
        f"grant pg_read_all_stats to {ident(names.gate)}",
    )
    return Section(
        "core",
        ("roles",),
        (create, f"set local role {ident(names.gate)}", *body, "reset role", *grants),
        (
            "drop schema sekisho cascade",
            f"revoke usage on schema {ident(rules.schema)} from {ident(names.gate)}",
            f"revoke pg_read_all_stats from {ident(names.gate)}",
        ),
    )


WITNESSING = (
    "select on sekisho.lease",
    "execute on function sekisho.witness_permit(text, text), sekisho.witness_readings(jsonb)",
)
"""What a witness login may do, and no more."""

LARGE_OBJECTS = "pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid, bytea)"


def _database(rules: RuleSet, live: Inventory) -> Section:
    """Take from PUBLIC what would let a login put data aside: temporary tables, tables in public, large objects.

    Everybody else who can log in keeps what PUBLIC loses.
    """
    database = ident(live.database)
    own = {i.name for i in rules.logins}
    others = listed(u for u in live.others if u not in own)
    up: list[str] = []
    down: list[str] = []
    for taken, what, where in (
        (live.public_temp, "temporary", f"database {database}"),
        (live.public_create, "create", "schema public"),
        (live.public_large_objects, "execute", f"function {LARGE_OBJECTS}"),
    ):
        if taken:
            up.append(f"revoke {what} on {where} from public")
            down.append(f"grant {what} on {where} to public")
            # tables in schema public are made by migrations, which have their own way
            if others and what != "create":
                up.append(f"grant {what} on {where} to {others}")
                down.insert(len(down) - 1, f"revoke {what} on {where} from {others}")
    before = {
        "temp": live.public_temp,
        "create": live.public_create,
        "large_objects": live.public_large_objects,
        "others": list(live.others),
    }
    return Section("database", ("roles",), tuple(up), tuple(down), canon.encode(before).decode())


def _column(rules: RuleSet, table: TableRule) -> Section:
    """Add the mask; the default of the moment fills the rows that are there, later ones get theirs from the guard."""
    here = base(rules, table.name)
    return Section(
        f"column:{table.name}",
        ("core",),
        (f"alter table {here} add column {MASK} bigint not null default 0",),
        (f"alter table {here} drop column {MASK}",),
    )


GUARDS = ident("sekisho guards")
"""The policy by which the gate's own functions keep the masks of all rows."""


def _owner(rules: RuleSet, table: TableRule, live: Inventory, names: Names) -> Section:
    """Move a table to the role nobody logs in as, and close every other way to it; the way back restores each grant."""
    here, was = base(rules, table.name), live.tables[table.name]
    gate = ident(names.gate)
    closed = [f"revoke all on {here} from {_grantee(g)}" for g in sorted({g for g, _, _ in was.grants})]
    closed += [f"revoke {p} ({ident(c)}) on {here} from {_grantee(g)}" for g, p, c in was.column_grants]
    return Section(
        f"owner:{table.name}",
        (f"column:{table.name}",),
        (
            *closed,
            f"alter table {here} owner to {ident(names.owner)}",
            f"grant select, insert, update, delete on {here} to {gate}",
            f"create policy {GUARDS} on {here} to {gate} using (true) with check (true)",
            f"alter table {here} enable row level security",
        ),
        (
            f"alter table {here} disable row level security",
            f"drop policy {GUARDS} on {here}",
            f"revoke all on {here} from {gate}",
            f"alter table {here} owner to {ident(was.owner)}",
            *_reopened(here, was),
        ),
        canon.encode(
            {
                "owner": was.owner,
                "grants": [list(g) for g in was.grants],
                "columns": [list(g) for g in was.column_grants],
            }
        ).decode(),
    )


def _reopened(here: str, was: LiveTable) -> list[str]:
    grants = [f"grant {p} on {here} to {_grantee(g)}{' with grant option' if o else ''}" for g, p, o in was.grants]
    return grants + [f"grant {p} ({ident(c)}) on {here} to {_grantee(g)}" for g, p, c in was.column_grants]


def _grantee(name: str) -> str:
    return ident(name) if name else "public"


def _login(login: LoginRule, rules: RuleSet, live: Inventory) -> Section:
    """Make a login that owns nothing and inherits nothing, and record its ceiling of purposes."""
    role, database = ident(login.name), ident(live.database)
    first = schema_of(login.purposes[0]) if login.purposes else role_schema_of(login.bound) if login.bound else ""
    path = listed([*([first] if first else []), rules.schema])
    up = [
        make_role(login.name, "login noinherit"),
        # a backup leaves nobody out: it must not be held to what a purpose may see
        f"alter role {role} login noinherit nosuperuser nocreatedb nocreaterole noreplication "
        + ("bypassrls" if login.backup else "nobypassrls"),
        f"alter role {role} in database {database} set search_path = {path}",
        f"grant connect on database {database} to {role}",
        f"grant usage on schema {ident(rules.schema)} to {role}",
    ]
    down = [
        f"revoke usage on schema {ident(rules.schema)} from {role}",
        f"revoke connect on database {database} from {role}",
        f"alter role {role} in database {database} reset search_path",
    ]
    if login.purposes:
        ups, downs = _ceiling(login, rules)
        up, down = up + ups, downs + down
    if login.witness:
        up += [f"grant usage on schema sekisho to {role}", *(f"grant {what} to {role}" for what in WITNESSING)]
        down = [
            *(f"revoke {what} from {role}" for what in WITNESSING),
            f"revoke usage on schema sekisho from {role}",
            *down,
        ]
    if login.backup:
        up.append(f"grant pg_read_all_data to {role}")
        down.insert(0, f"revoke pg_read_all_data from {role}")
    held = [p for name, p in live.database_grants if name == login.name and p in ("TEMPORARY", "CREATE")]
    up += [f"revoke {p} on database {database} from {role}" for p in held]
    down += [f"grant {p} on database {database} to {role}" for p in held]
    was = live.roles.get(login.name, "")
    down.append(f"alter role {role} {was}" if was else drop_role(login.name))
    before = canon.encode({"was": was, "held": held}).decode()
    return Section(f"login:{login.name}", ("core", "database"), tuple(up), tuple(down), before)


def _ceiling(login: LoginRule, rules: RuleSet) -> tuple[list[str], list[str]]:
    role, name = ident(login.name), literal(login.name)
    ceiling = sum(p.bit for p in rules.purposes if p.name in login.purposes)
    entrance = "function sekisho.enter(text), sekisho.leave()"
    return [
        f"insert into sekisho.login (name, ceiling, pooled) values ({name}, {ceiling}, {str(login.pooled).lower()})",
        f"grant usage on schema sekisho to {role}",
        f"grant execute on {entrance} to {role}",
    ], [
        f"revoke execute on {entrance} from {role}",
        f"revoke usage on schema sekisho from {role}",
        f"delete from sekisho.login where name = {name}",
    ]
