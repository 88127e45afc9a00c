"""Live checks of a PostgreSQL store: what differs from what was applied, and every way past the gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from sekisho.adapters.stores import postgres_live as look
from sekisho.compiler import postgres as compile_postgres
from sekisho.compiler.postgres_guard import right_mask
from sekisho.compiler.postgres_live import MASK, Inventory, Names, base, role_schema_of, schema_of
from sekisho.compiler.rules import RuleSet
from sekisho.gate.session import Check, Hole

REMEDIES: Mapping[str, str] = {
    "superuser": "keep it for administration only; its use shows in the server log",
    "bypassrls": "take it away: alter role … nobypassrls",
    "createrole": "take it away: alter role … nocreaterole",
    "replication": "declare it as the backup login, or take it away",
    "read-all": "declare it as the backup login, or revoke the membership",
    "owner-member": "revoke the membership",
    "owner": "plan and apply again, so that the gate owns the table",
    "grant": "revoke it, or plan and apply again",
    "column-grant": "revoke it, or plan and apply again",
    "view": "drop it, or revoke what others may do with it",
    "function": "revoke execute from others, or make it an invoker function",
    "publication": "take the table out of the publication, or declare the subscriber",
    "event-trigger": "read what it does; disable it where it copies data",
    "extension": "drop it where nobody needs it",
    "language": "drop it where nobody needs it",
    "create": "revoke it; a purpose login creates nothing",
    "side-channel": "see docs/trust.md; existence can be inferred",
    "policy": "drop it: what it allows is added to what the policy allows",
    "member": "revoke the membership; what a login can become, it can do",
    "unmapped-grant": "map the table, or revoke the grant",
    "view-grant": "revoke it, or name the login in the map",
    "outlives": "let poolers run DISCARD ALL, end with select sekisho.leave(); see docs/trust.md",
    "same-login": "give each application a login of its own, and pass values as parameters",
    "plain-client": "use `gate shell` or the psycopg client where each reading must be witnessed",
    "snapshot": "the watcher ends it when it is idle after somebody's standing has changed",
    "held-by-role": "give it permits instead where each reading must be witnessed",
}


def check(db: look.Connection, rules: RuleSet, at: datetime) -> Check:
    """Compare the catalogue with what was applied, and list the ways past the gate."""
    if not look.applied(db):
        return Check(rules.store, at, ("nothing is applied",), ())
    live, holes = look.inventory(db, rules.schema), _holes(db, rules)
    differences = [*_changed(db, rules), *_outdated(db, rules, live)]
    differences += [f"{h.who} {h.what}" for h in holes if h.code == "unmapped-grant"]
    return Check(rules.store, at, tuple(differences), holes, look.unmapped(live, rules))


def _changed(db: look.Connection, rules: RuleSet) -> Iterator[str]:
    """Yield what became of the objects that the gate stands on since they were applied."""
    expected = {(k, n): d for k, n, d in db.execute("select kind, name, digest from sekisho.expected")}
    present = look.state(db, rules)
    yield from (
        f"{k} {n} changed" for k, n in sorted(expected.keys() & present.keys()) if expected[k, n] != present[k, n]
    )
    yield from (f"{k} {n} is gone" for k, n in sorted(expected.keys() - present.keys()))
    yield from (f"{k} {n} is new" for k, n in sorted(present.keys() - expected.keys()))


def _outdated(db: look.Connection, rules: RuleSet, live: Inventory) -> Iterator[str]:
    """Yield what the policy says now and the store does not do yet, or why the rules no longer fit it."""
    trouble = compile_postgres.diagnose(rules, live)
    if trouble:
        # rules that do not fit the database give no sections to compare
        yield from (d.message for d in trouble)
        return
    wanted = {s.name: s.fingerprint for s in compile_postgres.sections(rules, live)}
    stored = {a.name: a.fingerprint for a in look.applied(db)}
    yield from (
        f"{n} is not as the policy says now"
        for n in sorted(wanted.keys() | stored.keys())
        if wanted.get(n) != stored.get(n)
    )


def _holes(db: look.Connection, rules: RuleSet) -> tuple[Hole, ...]:
    seen = {schema_of(v.purpose) for v in rules.views} | {role_schema_of(i.bound) for i in rules.logins if i.bound}
    words = {
        "schema": rules.schema,
        "tables": [t.name for t in rules.tables],
        "open": list(rules.open_tables),
        "own_roles": Names.of(db.info.dbname).all(rules),
        "schemas": sorted(seen),
        "logins": [i.name for i in rules.logins],
        "bound": [i.name for i in rules.logins if i.bound],
    }
    return tuple(Hole(code, who, what, REMEDIES[code]) for code, who, what in db.execute(look.sql("holes"), words))


def wrong_masks(db: look.Connection, rules: RuleSet) -> int:
    """Return how many rows carry a mask other than the one they must have, recomputed set-based."""
    live, wrong = look.inventory(db, rules.schema), 0
    for table in rules.tables:
        right = right_mask(rules, table, live)
        counted = f"select count(*) from {base(rules, table.name)} t where t.{MASK} <> {right}"  # noqa: S608 - quoted names
        row = db.execute(counted.encode()).fetchone()
        wrong += 0 if row is None else int(row[0])
    return wrong
