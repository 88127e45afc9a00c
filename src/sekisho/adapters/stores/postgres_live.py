"""Looking at a live PostgreSQL database: its inventory, what a plan remembers of it, and its catalogue's state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from typing import Any

import msgspec
import psycopg
from psycopg.rows import dict_row

from sekisho.compiler.plan import Applied, Plan
from sekisho.compiler.postgres_guard import key_parts
from sekisho.compiler.postgres_live import Inventory, LiveTable, Names, base, role_schema_of, schema_of
from sekisho.compiler.quoting import ident
from sekisho.compiler.rules import RuleSet
from sekisho.gate.permit import LoginKey
from sekisho.ground.errors import StoreTrouble

Connection = psycopg.Connection[tuple[Any, ...]]


def sql(name: str) -> bytes:
    """Return a statement of this room by its file's name."""
    return files("sekisho.adapters.stores").joinpath("sql", f"{name}.sql").read_bytes()


def applied(db: Connection) -> tuple[Applied, ...]:
    """Return the sections that the database remembers, in the order they were made; none where it is not governed."""
    known = db.execute("select to_regclass('sekisho.applied')").fetchone()
    if known is None or known[0] is None:
        return ()
    rows = db.execute("select name, needs, fingerprint, down, before from sekisho.applied order by position").fetchall()
    return tuple(Applied(r[0], tuple(r[1]), r[2], tuple(r[3]), r[4]) for r in rows)


def only(db: Connection, store: str) -> None:
    """Raise StoreTrouble where a database is governed as another store than this one."""
    known = db.execute("select to_regclass('sekisho.lease')").fetchone()
    row = db.execute("select store from sekisho.lease").fetchone() if known is not None and known[0] else None
    if row is not None and row[0] != store:
        raise StoreTrouble(
            f"the address of store `{store}` leads to a database that is governed as store `{row[0]}`",
            help=f"correct the address; to rename the store, `sekisho gate remove {row[0]}` first",
            place="sekisho.toml",
        )


def quiet(db: Connection) -> None:
    """Let the application's own triggers rest until the transaction ends: a change of masks is no change of theirs.

    Ours are ENABLE ALWAYS. Else an `updated_at` would move on every row, and an audit trigger run as the gate's role.
    """
    try:
        with db.transaction():
            db.execute("set local session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege:
        # an administrator who is no superuser needs a grant for it; without, the application's triggers run
        return


def why(error: psycopg.OperationalError) -> str:
    """Return the server's or the network's own words in one line, without the address."""
    first, *_ = str(error).strip().splitlines() or ["the connection is gone"]
    return first.rpartition("failed: ")[2].removeprefix("FATAL:").strip()


def remember(db: Connection, plan: Plan, order: Mapping[str, int]) -> None:
    """Write down what was applied and its way back; `order` is the place of each section by name."""
    db.execute("delete from sekisho.applied where name = any(%s)", ([a.name for a in plan.down],))
    db.execute("update sekisho.applied set position = -1 - position")
    with db.cursor() as cursor:
        cursor.executemany(
            "update sekisho.applied set position = %s where name = %s",
            [(order[name], name) for name in plan.unchanged],
        )
        cursor.executemany(
            "insert into sekisho.applied (position, name, needs, fingerprint, down, before) "
            "values (%s, %s, %s, %s, %s, %s)",
            [(order[s.name], s.name, list(s.needs), s.fingerprint, list(s.down), s.before) for s in plan.up],
        )


def give_keys(db: Connection, keys: Sequence[LoginKey]) -> None:
    """Let the store know the keys of its logins, and no others."""
    with db.cursor() as cursor:
        cursor.executemany(
            "insert into sekisho.key (id, login, inner_pad, outer_pad) values (%s, %s, %s, %s) "
            "on conflict (id) do nothing",
            [(k.id, k.login, *k.pads()) for k in keys],
        )
        cursor.execute("delete from sekisho.key where not id = any(%s)", ([k.id for k in keys],))


def lease(db: Connection) -> tuple[int, datetime | None, int] | None:
    """Return how far the store followed, until when it is open (None for never), and how much waits in its outbox."""
    return db.execute(
        "select position, case when isfinite(open_until) then open_until end, "
        "(select count(*) from sekisho.outbox) from sekisho.lease"
    ).fetchone()


def inventory(db: Connection, schema: str) -> Inventory:
    """Return the database as it would be without the gate (see compiler.postgres_live)."""
    with db.cursor(row_factory=dict_row) as cursor:
        whole = cursor.execute(sql("database")).fetchone()
        rows = cursor.execute(sql("inventory"), {"schema": schema}).fetchall()
    if whole is None:
        raise RuntimeError("the catalogue gave no row for the database")
    live = Inventory(
        database=whole["database"],
        owner=whole["owner"],
        tables={r["name"]: _table(r) for r in rows},
        schemas=frozenset(whole["schemas"]),
        roles=dict(whole["roles"]),
        public_temp=whole["public_temp"],
        public_create=whole["public_create"],
        public_large_objects=whole["public_large_objects"],
        others=tuple(whole["others"]),
        database_grants=tuple((r, p) for r, p in whole["database_grants"]),
    )
    return _without_gate(live, applied(db))


def _table(row: dict[str, Any]) -> LiveTable:
    return LiveTable(
        columns=tuple((n, t) for n, t in row["columns"] if n != "sekisho_standing"),
        owner=row["owner"],
        grants=tuple((g, p, o) for g, p, o in row["grants"]),
        column_grants=tuple((g, p, c) for g, p, c in row["column_grants"]),
        foreign_keys=tuple((tuple(c), t) for c, t in row["foreign_keys"]),
        sequences=tuple((s, n) for s, n in row["sequences"]),
        unique=tuple(tuple(u) for u in row["uniques"]),
        kind=row["kind"],
        family=row["family"],
        row_security=row["row_security"],
    )


def _without_gate(live: Inventory, sections: Iterable[Applied]) -> Inventory:
    """Put back in the picture what each applied section remembers of the time before it."""
    tables, roles, ours = dict(live.tables), dict(live.roles), {"sekisho"}
    for section in sections:
        kind, _, name = section.name.partition(":")
        before = msgspec.json.decode(section.before) if section.before else {}
        if kind == "owner" and name in tables:
            tables[name] = replace(
                tables[name],
                owner=before["owner"],
                grants=tuple((g, p, o) for g, p, o in before["grants"]),
                column_grants=tuple((g, p, c) for g, p, c in before["columns"]),
            )
        elif kind == "login":
            live = replace(live, database_grants=_as_before(live.database_grants, name, before["held"]))
            roles.pop(name, None)
            if before["was"]:
                roles[name] = before["was"]
        elif kind == "purpose":
            ours.add(schema_of(name))
        elif kind == "held":
            ours.add(role_schema_of(name))
        elif kind == "database":
            live = replace(
                live,
                public_temp=before["temp"],
                public_create=before["create"],
                public_large_objects=before["large_objects"],
                others=tuple(before["others"]),
            )
    return replace(live, tables=tables, roles=roles, ours=frozenset(ours))


def _as_before(grants: Iterable[tuple[str, str]], role: str, held: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the grants on the database with those of one role as they were."""
    return (*(g for g in grants if g[0] != role), *((role, p) for p in held))


def state(db: Connection, rules: RuleSet) -> dict[tuple[str, str], str]:
    """Return (kind, name) → SHA-256 of the catalogue's account of every object that the gate stands on."""
    own = Names.of(db.info.dbname).all(rules)
    seen = sorted(
        {schema_of(v.purpose) for v in rules.views} | {role_schema_of(i.bound) for i in rules.logins if i.bound}
    )
    rows = db.execute(
        sql("state"),
        {
            "schemas": seen,
            "schema": rules.schema,
            "tables": [t.name for t in rules.tables],
            "own_roles": own,
            "roles": [*own, *(i.name for i in rules.logins)],
        },
    )
    return {(kind, name): hashlib.sha256(text.encode()).hexdigest() for kind, name, text in rows}


def unmapped(live: Inventory, rules: RuleSet) -> tuple[str, ...]:
    """Return the tables and columns of the schema that the map does not know, as `table` or `table.column`."""
    found = []
    for name, table in sorted(live.tables.items()):
        rule = rules.table(name)
        if rule is not None:
            found += [f"{name}.{column}" for column, _ in table.columns if column not in rule.columns]
        elif name not in rules.open_tables and table.kind in ("r", "p", "f", "m"):
            found.append(name)
    return tuple(found)


def exist(db: Connection, rules: RuleSet, people: Sequence[tuple[str, str]]) -> set[tuple[str, str]] | None:
    """Return which people, by (class, key), have a row of their own, or None where row security hides rows from us."""
    live = inventory(db, rules.schema)
    found: set[tuple[str, str]] = set()
    for table in rules.tables:
        keys = [key for subject, key in people if subject == table.subject]
        if not table.subject or not keys:
            continue
        name = base(rules, table.name)
        hidden = db.execute("select row_security_active(%s)", (name,)).fetchone()
        if hidden is None or hidden[0]:
            return None
        parts = key_parts(table.key, "u.key", live.tables[table.name])
        match = " and ".join(f"t.{ident(c)} = {part}" for c, part in zip(table.key, parts, strict=True))
        same = f"exists (select 1 from {name} t where {match})".replace("%", "%%")  # noqa: S608 - quoted names
        query = f"select u.key from unnest(%s::text[]) u(key) where {same}"  # noqa: S608 - as above
        found.update((table.subject, key) for (key,) in db.execute(query.encode(), (keys,)))
    return found
