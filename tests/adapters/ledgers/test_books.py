"""The books on both engines: numbers in the order of commits without a gap, append-only, away is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from postgres import fresh_database, listening
from sekisho.adapters.ledgers.books import CHANGE, FACT, open_books, writing
from sekisho.adapters.ledgers.consent import Consents
from sekisho.adapters.ledgers.people import People
from sekisho.consent.facts import Decision, Fact
from sekisho.ground.errors import BadInput, StoreTrouble
from sekisho.people.model import Place

NOW = datetime(2026, 12, 1, tzinfo=UTC)
POSTGRESQL = (
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
)


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.unit), pytest.param("postgresql", marks=POSTGRESQL)])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        yield open_books(tmp_path / "books.db")
        return
    with fresh_database() as url:
        engine = open_books(address(url))
        yield engine
        engine.dispose()


def address(conninfo: str) -> str:
    parts = sa.engine.make_url("postgresql://x")
    told = dict(p.split("=", 1) for p in conninfo.split())
    port = int(told.get("port", "5432"))
    return parts.set(username=told["user"], host=told["host"], port=port, database=told["dbname"]).render_as_string(
        False
    )


def fact(person: str, purpose: str = "news") -> Fact:
    return Fact(person, purpose, 9, Decision.GIVE, "0" * 64, "2026-11-01", "en", "test", NOW)


def test_a_follower_beside_many_writers_misses_nobody(books: Engine) -> None:
    consents, writers = Consents(books), 6
    over = threading.Event()

    def write(who: int) -> None:
        for n in range(20):
            consents.append([fact(f"{who}-{n}", p) for p in ("news", "ads")])

    seen: list[str] = []

    def follow() -> None:
        since = 0
        while True:
            last = over.is_set()
            since, people = consents.changes(since)
            seen.extend(people)
            if last:
                return

    threads = [threading.Thread(target=write, args=(w,)) for w in range(writers)]
    follower = threading.Thread(target=follow)
    for thread in (follower, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    follower.join()
    assert sorted(seen) == sorted(f"{w}-{n}" for w in range(writers) for n in range(20))
    with books.connect() as db:
        for ledger in (FACT, CHANGE):
            numbers = list(db.execute(sa.select(ledger.c.seq).order_by(ledger.c.seq)).scalars())
            assert numbers == list(range(1, len(numbers) + 1))


def test_a_number_that_is_taken_back_leaves_no_gap(books: Engine) -> None:
    consents = Consents(books)
    with pytest.raises(ZeroDivisionError), writing(books) as db:
        assert consents.within(db, [fact("gone")]) / 0
    consents.append([fact("here")])
    assert [n for n, _ in consents.numbered("here")] == [1]
    assert consents.after(0, 10) == [fact("here")]
    assert consents.after(1, 10) == []


def test_facts_are_never_changed_or_deleted(books: Engine) -> None:
    Consents(books).append([fact("a")])
    for statement in (sa.delete(FACT), sa.update(FACT).values(decision="refuse"), sa.delete(CHANGE)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), books.begin() as db:
            db.execute(statement)


def test_two_that_register_one_row_make_one_person(books: Engine) -> None:
    people = People(books)
    found: list[int] = []
    start = threading.Barrier(8)

    def register() -> None:
        start.wait()
        found.append(people.register("shop", "customer", ["7"], {"7": "18+"}))

    threads = [threading.Thread(target=register) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 1
    assert people.person(Place("shop", "customer", "7")) is not None
    assert Consents(books).changes(0)[0] == 1


def test_actors_keep_their_handle(books: Engine) -> None:
    assert People(books).actor("os:anna") == People(books).actor("os:anna")


@pytest.mark.unit
def test_books_that_are_away_are_told_without_their_address() -> None:
    with pytest.raises(StoreTrouble, match="the books do not answer"):
        open_books("postgresql://somebody:secret@127.0.0.1:1/none")
    with pytest.raises(BadInput, match="cannot be read"):
        open_books("postgresql://a:b:c:d/e:f")
