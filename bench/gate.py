"""What the gate costs on PostgreSQL: 100,000 people, ten columns, one connection, client and server pinned.

The baseline is the plain engine: the same statement on a plain copy of the table, prepared by psycopg, in turn with the
governed one. The full run also compares a million people with ten thousand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg

from bench import Case, interleave
from bench._shop import ACTOR, PAGE, POINT, SCAN, address, pinned, plain, shop
from sekisho.adapters.clients.psycopg import ENTER, Gate
from sekisho.adapters.clients.readings import Batched
from sekisho.adapters.clients.service import make_service
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.gate import permit as permits
from sekisho.gate.decide import Ask

Deed = Callable[[], float]
ASK = Ask("bench_support", "support", ACTOR, "benchmark")


def run(quick: bool) -> Iterator[Case]:
    """Yield the cases."""
    with shop(100_000) as store:
        yield from _cases(store, rounds=30 if quick else 120)
    if not quick:
        yield _flat()


def _cases(store: PostgresStore, rounds: int) -> Iterator[Case]:
    raw, raw_txn = plain(store), plain(store, autocommit=False)
    base = _points(raw)
    role = pinned(psycopg.connect(address(store, "bench_role"), autocommit=True))
    yield _case("point_role", rounds, _points(role), base, "<= 1.1")
    session = _session(store)
    yield _case("point_session", rounds, _points(session), base, "<= 1.35")
    yield _case("scan_1000", rounds, _scans(session), _scans(raw), "<= 1.25")
    yield _case("page_50", rounds, _pages(session), _pages(raw), "")
    service = pinned(psycopg.connect(address(store, "bench_support")))
    token = store.issue(ASK, permits.SERVICE).token
    yield _case("txn_1", rounds, _permitted(service, token, 1), _transactions(raw_txn, 1), "<= 1.7")
    yield _case("txn_20", rounds, _permitted(service, token, 20), _transactions(raw_txn, 20), "<= 1.35")
    for db in (role, session, service):
        db.close()
    yield from _witnessed(store, rounds, base, _transactions(raw_txn, 1))
    raw.close()
    raw_txn.close()


def _witnessed(store: PostgresStore, rounds: int, base: Deed, base_txn: Deed) -> Iterator[Case]:
    """Through the client, every reading named and durable within a fifth of a second."""
    login = next(i for i in store.rules.logins if i.name == "bench_support")
    service = make_service(store.rules, login, store.keys.key("bench", login.name), ACTOR)
    witness = address(store, "bench_witness")
    with Gate(service, address(store, login.name), witness=witness, mode=Batched()) as gate:
        pinned(gate._db)
        pinned(gate._witness)
        with gate.session("support", reason="benchmark") as use:
            yield _case(
                "point_witnessed", rounds, _times(200, lambda n: use.execute(POINT, (n,)).fetchone()), base, "<= 1.6"
            )

        def transaction(n: int) -> object:
            with gate.purpose("support", reason="benchmark") as once:
                return once.execute(POINT, (n,)).fetchone()

        yield _case("txn_1_witnessed", rounds, _times(100, transaction), base_txn, "")


def _flat() -> Case:
    """Return the point read among a million people beside that among ten thousand."""
    with shop(10_000) as small, shop(1_000_000) as large:
        few, many = _session(small), _session(large)
        case = _case("flat_1e6_over_1e4", 120, _points(many, 1_000_000), _points(few, 10_000), "<= 1.2")
        few.close()
        many.close()
    return case


def _case(name: str, rounds: int, governed: Deed, base: Deed, wanted: str) -> Case:
    samples, baseline = interleave(rounds, governed, base)
    return Case(name, "us", samples, baseline, wanted)


def _session(store: PostgresStore) -> psycopg.Connection:
    db = pinned(psycopg.connect(address(store, "bench_support"), autocommit=True))
    db.execute(ENTER, (store.issue(ASK).token, "support, public", False))
    return db


def _times(count: int, deed: Callable[[int], object], people: int = 100_000) -> Deed:
    """Return a deed done `count` times for people far from each other, in microseconds each."""
    numbers = [1 + (n * 7919) % people for n in range(count)]

    def timed() -> float:
        start = time.perf_counter()
        for n in numbers:
            deed(n)
        return (time.perf_counter() - start) / count * 1e6

    return timed


def _points(db: psycopg.Connection, people: int = 100_000) -> Deed:
    return _times(200, lambda n: db.execute(POINT, (n,)).fetchone(), people)


def _scans(db: psycopg.Connection) -> Deed:
    return _times(10, lambda n: db.execute(SCAN, (n % 90_000, n % 90_000 + 999)).fetchall())


def _pages(db: psycopg.Connection) -> Deed:
    return _times(50, lambda n: db.execute(PAGE, (n % 90_000,)).fetchall())


def _transactions(db: psycopg.Connection, statements: int) -> Deed:
    def deed(n: int) -> None:
        for _ in range(statements):
            db.execute(POINT, (n,)).fetchone()
        db.commit()

    return _times(max(100 // statements, 10), deed)


def _permitted(db: psycopg.Connection, token: str, statements: int) -> Deed:
    """The permit is entered in each transaction, together with its first statement."""

    def deed(n: int) -> None:
        with db.pipeline():
            db.execute(ENTER, (token, "support, public", True))
            first = db.execute(POINT, (n,))
        first.fetchone()
        for _ in range(statements - 1):
            db.execute(POINT, (n,)).fetchone()
        db.commit()

    return _times(max(100 // statements, 10), deed)
