"""What the vault costs on PostgreSQL: a point read, a bulk import, and the space that people take.

The baseline of a point read is the plain engine: the same values in a plain table, read by psycopg's prepared statement
in turn with ours. Ours checks purpose and standing, fetches, opens, and has its reading witnessed within a fifth of a
second; `point_read_first` reads people whose key and decisions were not looked up before, `point_read_strict` has the
reading durable in the log before it is given. Space counts the vault's tables and indexes
and the key store's files, beside the bytes of the values themselves.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from bench import Case, interleave
from bench._shop import ADMIN, pinned
from sekisho.adapters.ledgers.books import open_books
from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.adapters.ledgers.keystore import KeyStore, Where
from sekisho.adapters.ledgers.keytables import cut
from sekisho.adapters.ledgers.people import People
from sekisho.adapters.ledgers.reasons import Reasons
from sekisho.adapters.ledgers.vault import Vault
from sekisho.adapters.ledgers.vaultstanding import BookStanding
from sekisho.adapters.ledgers.vaulttables import open_vault
from sekisho.adapters.ledgers.vaultuse import Batched, Ports, Use
from sekisho.app.recorder import Recorder
from sekisho.evidence.log import Log
from sekisho.ground import law, stamp
from sekisho.ground.personal import Personal
from sekisho.policy.compile import parse
from sekisho.policy.model import Policy
from sekisho.policy.source import Source
from sekisho.vault.blind import Identifier
from sekisho.vault.record import New
from sekisho.vault.secret import Secret

ACTOR = "0" * 31 + "1"
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
  uses: [name, contact, content.inquiry]
  because: contract
- purpose: news
  of: customer
  uses: [contact.email]
  because: consent
```
"""
INQUIRY = (
    "先日お送りいただいた凧の骨が一本折れていました。写真をお送りしますので、交換の手続きを教えてください。"
    "よろしくお願いいたします。"
)
RAW = "select name, email, phone, postal, inquiry from plain where person = %s"


@dataclass
class House:
    """A vault in a database of its own, with its key store in a folder."""

    address: str
    folder: Path
    vault: Vault
    people: list[str]


def run(quick: bool) -> Iterator[Case]:
    """Yield the cases."""
    people = 10_000 if quick else 100_000
    with house() as here:
        rates = load(here, people)
        yield Case("bulk_import", "people/s", rates, (), ">= 5000")
        yield space(here, people)
        yield from reads(here, 30 if quick else 120)


@contextmanager
def house() -> Iterator[House]:
    """Make a database and a folder, and drop both at the end."""
    name = f"sekisho_bench_{secrets.token_hex(4)}"
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        admin.execute(f'create database "{name}"'.encode())
    address = make_conninfo(ADMIN, dbname=name)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        engine = open_vault(address)
        keys = KeyStore(
            Where(folder / "keys" / "store.db", folder / "keys" / "erased.db", folder / "master"), Secret(bytes(32))
        )
        try:
            yield House(address, folder, _vault(folder, engine, keys), [])
        finally:
            engine.dispose()
            keys.close()
            with psycopg.connect(ADMIN, autocommit=True) as admin:
                admin.execute(f'drop database "{name}" with (force)'.encode())


def _vault(folder: Path, engine, keys: KeyStore) -> Vault:  # type: ignore[no-untyped-def]  # benchmarks are not checked
    policy = parse({"": Source.of("policy.md", POLICY)}, None, law.load, stamp.now().date()).policy
    assert isinstance(policy, Policy)
    books = open_books(folder / "books.db")
    log, people = Log(SqliteLeaves(folder / "evidence.db"), "bench/evidence"), People(books)
    witness = Recorder(log, people, Reasons(books), {p.name: p.clause for p in policy.purposes})
    return Vault(engine, keys, policy, Ports(BookStanding(books, policy), witness, lambda deed: None), ACTOR)


def values(n: int) -> dict[str, str]:
    """Return what somebody wrote into an inquiry form."""
    return {
        "name": f"田辺 あおい {n}",
        "contact.email": f"aoi.tanabe.{n}@kite-mail.example",
        "contact.phone": f"090-{n // 10_000:04}-{n % 10_000:04}",
        "contact.postal": f"060-{n % 10_000:04} 札幌市中央区南{n % 30}条西{n % 20}丁目{n % 9}-{n % 40}",
        "content.inquiry": f"{INQUIRY} 注文番号 {n}",
    }


def new(n: int) -> New:
    """Return it as it comes in: with an idempotency key, to be found by e-mail and telephone."""
    said = values(n)
    ids = (
        Identifier("email", Personal(said["contact.email"])),
        Identifier("phone", Personal(said["contact.phone"])),
    )
    return New("customer", {c: Personal(v) for c, v in said.items()}, ids, key=f"inquiry-{n}")


def load(here: House, people: int) -> list[float]:
    """Import everybody in ten parts; return the people a second of each."""
    part, rates = people // 10, []
    for start in range(0, people, part):
        news = [new(n) for n in range(start, start + part)]
        begin = time.perf_counter()
        done = here.vault.load(news)
        rates.append(part / (time.perf_counter() - begin))
        assert done.stored == part
    return rates


def space(here: House, people: int) -> Case:
    """Return the bytes that a person takes, all counted, beside the bytes of the values themselves."""
    own = sum(len(v.encode()) for n in range(people) for v in values(n).values()) / people
    with psycopg.connect(here.address, autocommit=True) as db:
        db.execute("vacuum")
        tables = db.execute("select pg_total_relation_size('vault_record')").fetchone()
        here.people.extend(bytes(r[0]).hex() for r in db.execute("select person from vault_record order by record"))
        db.execute("create table plain (person bytea primary key, name text, email text, phone text, postal text, "
                   "inquiry text)")  # fmt: skip
        with db.cursor().copy("copy plain from stdin") as copy:
            for n, person in enumerate(here.people):
                copy.write_row((bytes.fromhex(person), *values(n).values()))
        db.execute("vacuum analyze")
    assert tables is not None
    # the log of writes holds four megabytes at most, however many people there are: emptied, the files are people alone
    assert cut(here.vault._keys._db)
    files = sum(os.path.getsize(f) for f in (here.folder / "keys").iterdir())
    return Case("space", "bytes", [(tables[0] + files) / people], [own], "<= 3")


def reads(here: House, rounds: int) -> Iterator[Case]:
    """Yield the point reads, each in turn with the plain engine."""
    raw = pinned(psycopg.connect(here.address, autocommit=True))
    plain = _times(here, 200, lambda p: raw.execute(RAW, (bytes.fromhex(p),)).fetchone())
    with here.vault.use("support", "benchmark", mode=Batched()) as use:
        use.read(here.people[0])
        _pin(use)
        yield _case("point_read", rounds, _times(here, 200, lambda p: _shown(use, p)), plain, "<= 2")
    with here.vault.use("support", "benchmark", mode=Batched()) as use:
        strangers = iter(here.people[200:])
        some = rounds // 3
        first = _times(here, 100, lambda _: _shown(use, next(strangers)))
        yield _case("point_read_first", some, first, plain, "")
    with here.vault.use("support", "benchmark") as use:
        yield _case("point_read_strict", rounds, _times(here, 20, lambda p: _shown(use, p)), plain, "")
    raw.close()


def _shown(use: Use, person: str) -> list[str]:
    return [v.reveal("benchmark") for r in use.read(person).records for v in r.values.values()]


def _pin(use: Use) -> None:
    kept = use._rows._kept
    assert kept is not None
    pinned(kept.connection.driver_connection)


def _case(name: str, rounds: int, sealed: Callable[[], float], plain: Callable[[], float], wanted: str) -> Case:
    samples, baseline = interleave(rounds, sealed, plain)
    return Case(name, "us", samples, baseline, wanted)


def _times(here: House, count: int, deed: Callable[[str], object]) -> Callable[[], float]:
    """Return a deed done `count` times for people far from each other, in microseconds each."""
    some = [here.people[(n * 7919) % len(here.people)] for n in range(count)]

    def timed() -> float:
        start = time.perf_counter()
        for person in some:
            deed(person)
        return (time.perf_counter() - start) / count * 1e6

    return timed
