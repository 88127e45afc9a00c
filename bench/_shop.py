"""The benchmark's own shop on PostgreSQL: one governed table of people with ten columns, and its plain twin."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.compiler.lower import lower
from sekisho.datamap.read import read as read_map
from sekisho.gate.decide import Ask
from sekisho.gate.permit import LoginKey
from sekisho.gate.session import Carried, Issued, Reading
from sekisho.ground import law, stamp
from sekisho.policy.compile import parse
from sekisho.policy.source import Source, failed

ADMIN = os.environ.get("SEKISHO_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")
ACTOR = "0" * 31 + "1"
POINT = "select id, name, email, phone, postal_code, address from customers where id = %s"
SCAN = "select id, name, email, phone, postal_code, address from customers where id between %s and %s"
PAGE = "select id, name, email, phone, postal_code, address from customers where id > %s order by id limit 50"

POLICY = """---
policy: benchmark
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: B, title: B}
controller: {name: B, representative: B, address: B, email: b@example.com}
law: eu-gdpr
timezone: UTC
---

# Policy {#all}

```promise
- subject: customer
- purpose: support
  of: customer
  uses: [name, contact]
  because: contract
- purpose: shipping
  of: customer
  uses: [name, contact]
  because: contract
- purpose: news
  of: customer
  uses: [name, contact.email]
  because: consent
```
"""
MAP = """store: bench
engine: postgresql
tables:
  customers:
    subject: customer
    key: id
    columns: {id: key, name: name, email: contact.email, phone: contact.phone, postal_code: contact.postal,
      address: contact.postal, birth_date: birth.date, age_band: age.band, created_at: plain, note: content.inquiry}
logins:
  bench_support: {purposes: [support]}
  bench_role: {bound: shipping}
  bench_witness: {witness: true}
"""
TABLE = """create table {} (id integer primary key, name text not null, email text not null, phone text,
  postal_code text, address text, birth_date date, age_band text, created_at timestamptz not null, note text)"""
ROWS = """insert into {} select n, 'Name ' || n, 'p' || n || '@example.jp', '090-0000-' || right('000' || n, 4),
  '060-0000', 'Street ' || n || ', Sapporo', date '1990-01-01' + mod(n, 9000), '18+', now(), 'note ' || n
  from generate_series(1, %s) n"""


@dataclass
class Keys:
    """Keys of logins in memory."""

    kept: dict[str, LoginKey] = field(default_factory=dict)

    def key(self, store: str, login: str) -> LoginKey:
        """Return the login's key, made on first need."""
        return self.kept.setdefault(login, LoginKey(secrets.token_hex(8), login, secrets.token_bytes(32)))


class Nobody:
    """A witness that remembers nothing: what is measured is what the store itself makes durable."""

    def permit_issued(self, issued: Issued, clause: str, reason: str) -> None:
        """Forget."""

    def reading(self, readings: Sequence[Reading]) -> None:
        """Forget."""

    def carried(self, store: str, facts: Sequence[Carried]) -> None:
        """Forget."""

    def refused(self, store: str, ask: Ask, code: str, clause: str) -> None:
        """Forget."""


@contextmanager
def shop(people: int) -> Iterator[PostgresStore]:
    """Make the shop in a database of its own, apply the gate, and drop it all at the end."""
    name = f"sekisho_bench_{secrets.token_hex(4)}"
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        before = {r[0] for r in admin.execute("select rolname from pg_roles")}
        admin.execute(f'create database "{name}"'.encode())
    url = make_conninfo(ADMIN, dbname=name)
    try:
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("create schema plain")
            for table in ("public.customers", "plain.customers"):
                db.execute(TABLE.format(table).encode())
                db.execute(ROWS.format(table).encode(), (people,))
        store = PostgresStore(url, _rules(), Keys(), Nobody())
        store.apply()
        with psycopg.connect(url, autocommit=True) as db:
            # the masks that apply wrote left dead rows behind: both tables begin clean
            db.execute("vacuum (analyze, full)")
            db.execute("checkpoint")
        yield store
    finally:
        with psycopg.connect(ADMIN, autocommit=True) as admin:
            admin.execute(f'drop database "{name}" with (force)'.encode())
            made = {r[0] for r in admin.execute("select rolname from pg_roles")} - before
            for role in sorted(r for r in made if name in r or r.startswith("bench_")):
                admin.execute(f'drop role if exists "{role}"'.encode())


def _rules():  # type: ignore[no-untyped-def]
    compiled = parse({"": Source.of("policy.md", POLICY)}, None, law.load, stamp.now().date())
    data_map, found = read_map(Source.of("map.yaml", MAP))
    if compiled.policy is None or data_map is None:
        raise RuntimeError([*compiled.diagnostics, *found])
    rules, found = lower(compiled.policy, data_map)
    if failed(found):
        raise RuntimeError(found)
    return rules


def address(store: PostgresStore, login: str) -> str:
    """Return the store's address for a login."""
    parts = {k: str(v) for k, v in conninfo_to_dict(store.url).items() if v is not None}
    return make_conninfo(**{**parts, "user": login})


def plain(store: PostgresStore, *, autocommit: bool = True) -> psycopg.Connection:
    """Connect to the plain twin: the same table's name, no gate."""
    db = psycopg.connect(store.url, autocommit=True)
    db.execute("set search_path = plain")
    db.autocommit = autocommit
    return pinned(db)


def pinned(db: psycopg.Connection) -> psycopg.Connection:
    """Keep the client on one processor and the connection's server process on another, where the system allows it."""
    processors = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(ALL) > 1 and processors:
        try:
            os.sched_setaffinity(0, {ALL[0]})
            os.sched_setaffinity(db.info.backend_pid, {ALL[1]})
        except OSError:
            pass
    return db


ALL = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""The processors there are; asked once, before anything is pinned."""
