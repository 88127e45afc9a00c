"""A withdrawal races with reading: no read that begins after the acknowledgement sees the person (row 11).

`SEKISHO_FULL=1` plays ten thousand interleavings, else a few hundred.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from doors import TABLE, make_shop
from postgres import fresh_database, listening
from sekisho.adapters.clients.psycopg import Gate
from sekisho.adapters.clients.service import make_service
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.app.wire import Workspace
from sekisho.consent.book import Choices
from sekisho.consent.facts import Decision

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]

PEOPLE, AT_ONCE = 40, 8
INTERLEAVINGS = 10_000 if os.environ.get("SEKISHO_FULL") else 320


@pytest.fixture
def kites(tmp_path: Path) -> Iterator[Workspace]:
    with fresh_database() as conninfo:
        parts = conninfo_to_dict(conninfo)
        url = f"postgresql://{parts['user']}@{parts['host']}:{parts.get('port', 5432)}/{parts['dbname']}"
        with psycopg.connect(url) as db:
            db.execute(TABLE)
            rows = [(n, f"N{n}", f"p{n}@x.example") for n in range(1, PEOPLE + 1)]
            db.cursor().executemany("insert into customers values (%s, %s, %s)", rows)
        yield make_shop(tmp_path / "kites", PEOPLE, url)


class Race:
    """Who has been acknowledged to be closed since when, and what readers found against it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.store = workspace, workspace.store("shop")
        self.closed = dict.fromkeys(range(1, PEOPLE + 1), 0)
        """Person → the number of the withdrawal that was acknowledged, 0 once a yes is on its way."""
        self.played, self.reads, self.met, self.over = 0, 0, 0, threading.Event()
        self.wrong: list[tuple[int, int]] = []
        self.failed: list[BaseException] = []

    def decide(self, people: list[int], decision: Decision) -> None:
        shown, at = self.workspace.shown, self.workspace.clock()
        choice = (shown.choose("news", decision),)
        who = [("shop", "customer", str(p)) for p in people]
        batch = [("race", Choices(w, choice, shown.version, shown.original, "test", at)) for w in who]
        _, decided = self.workspace.take(batch)
        assert decided.stores == ("shop",)

    def play(self) -> None:
        chance = random.Random(11)
        while self.played < INTERLEAVINGS and not self.failed:
            people = chance.sample(sorted(self.closed), AT_ONCE)
            for p in people:
                self.closed[p] = 0
            self.decide(people, Decision.GIVE)
            self.decide(people, Decision.WITHDRAW)
            self.played += AT_ONCE
            for p in people:
                self.closed[p] = self.played

    def read(self, gate: Gate, session: bool) -> None:
        while not self.over.is_set():
            with (gate.session if session else gate.purpose)("news", reason="a letter") as db:
                for _ in range(5):
                    before = dict(self.closed)
                    seen = {row[0] for row in db.execute("select id from customers")}
                    self.reads += 1
                    self.met += bool(seen)
                    # a yes that was on its way meanwhile may have been seen
                    self.wrong += [(p, n) for p, n in before.items() if n and p in seen and self.closed[p] == n]

    def guarded(self, deed: object, *args: object) -> threading.Thread:
        def run() -> None:
            try:
                deed(*args)  # type: ignore[operator]
            except BaseException as error:  # noqa: BLE001 - a reader that failed must fail the test
                self.failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread


@pytest.mark.timeout(300 if INTERLEAVINGS < 1000 else 3600)
def test_no_read_after_the_acknowledgement_sees_the_person(kites: Workspace) -> None:
    race = Race(kites)
    store = race.store
    assert isinstance(store, PostgresStore)
    kites.keep()
    login = next(i for i in store.rules.logins if i.name == "kites")
    service = make_service(store.rules, login, store.keys.key("shop", "kites"), kites.actor("service:kites"))
    address, witness = make_conninfo(store.url, user="kites"), make_conninfo(store.url, user="kites_witness")
    with Gate(service, address, witness=witness) as one, Gate(service, address, witness=witness) as two:
        readers = [race.guarded(race.read, one, False), race.guarded(race.read, two, True)]
        race.guarded(race.play).join()
        race.over.set()
        for reader in readers:
            reader.join()
    assert race.failed == []
    assert race.wrong == []
    assert race.played >= INTERLEAVINGS
    assert race.met > INTERLEAVINGS / AT_ONCE, "readers ran beside the withdrawals, and saw those who stood"
