"""The music shop on the real Chinook database, in both its editions: what each purpose sees, and what it leaves behind.

The database is not in this repository (examples/music-shop/README.md says where it is had). It is looked for in the
folder that SEKISHO_CHINOOK names, then in `shared/data/chinook` beside the repository.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.gate.decide import Ask
from sekisho.gate.session import Passage
from sekisho.ground.errors import Refused, StoreTrouble
from sekisho.people.model import Place

ROOT = Path(__file__).parents[2]
CHINOOK = Path(os.environ.get("SEKISHO_CHINOOK") or ROOT.parent / "shared" / "data" / "chinook")
SQLITE, SCRIPT = CHINOOK / "chinook.sqlite", CHINOOK / "chinook_postgres.sql"
PEOPLE = 59
"""Customers in Chinook."""

pytestmark = pytest.mark.skipif(
    not (SQLITE.exists() and SCRIPT.exists()), reason="no Chinook database; SEKISHO_CHINOOK names its folder"
)
ENGINES = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param(
        "postgresql",
        id="postgresql",
        marks=[
            pytest.mark.postgresql,
            pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
        ],
    ),
]


@dataclass
class Shop:
    """The example's folder with one of its stores, loaded from Chinook."""

    engine: str
    folder: Path
    url: str

    @property
    def store(self) -> str:
        return "online" if self.engine == "postgresql" else "counter"

    def words(self, text: str) -> str:
        """Say a text written with the names of the SQLite edition in the names of this one."""
        if self.engine == "sqlite":
            return text
        return re.sub(r"\b[A-Z][A-Za-z]+\b", lambda m: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", m[0]).lower(), text)

    def raw(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database beside the gate, as its administrator."""
        if self.engine == "sqlite":
            with closing(sqlite3.connect(self.folder / "chinook.sqlite")) as db:
                return db.execute(sql).fetchall()
        with psycopg.connect(self.url) as db:
            return db.execute(self.words(sql).encode()).fetchall()

    def schema(self) -> str:
        """Return the schema byte for byte."""
        if self.engine == "sqlite":
            return repr(self.raw("select type, name, tbl_name, sql from sqlite_schema order by rowid"))
        command = ["pg_dump", "-s", "--restrict-key=x", self.url]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def open(self, workspace: Workspace, purpose: str) -> Passage:
        opened = workspace.store(self.store)
        login = next(i.name for i in opened.rules.logins if purpose in i.purposes)
        return opened.open(Ask(login, purpose, workspace.actor("os:tester"), "order 4711"))


def load(engine: str, folder: Path, url: str) -> Shop:
    """Copy the example and load the edition of its database."""
    shutil.copytree(ROOT / "examples" / "music-shop", folder)
    if engine == "sqlite":
        shutil.copy(SQLITE, folder / "chinook.sqlite")
        (folder / "chinook.sqlite").chmod(0o600)
        name, url = "counter", "sqlite:///chinook.sqlite"
    else:
        script = SCRIPT.read_text(encoding="utf-8")
        with psycopg.connect(url) as db:
            db.execute(script[script.index("CREATE TABLE album") :].encode())
        name = "online"
    settings = f'[stores.{name}]\nurl = "{url}"\nmap = "map/{name}.yaml"\n\n[books]\npath = "books"\n'
    (folder / "sekisho.toml").write_text(settings, encoding="utf-8")
    return Shop(engine, folder, url)


@pytest.fixture(scope="module", params=ENGINES)
def fresh(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop as its owner has it, before any gate."""
    folder = tmp_path_factory.mktemp("shop") / "music-shop"
    if request.param == "sqlite":
        yield load("sqlite", folder, "")
        return
    with fresh_database("sekisho_music") as url:
        yield load("postgresql", folder, url)


@pytest.fixture
def shop(fresh: Shop) -> Iterator[Shop]:
    """The shop under the gate, nobody having decided anything; afterwards it is as it was."""
    before = fresh.schema()
    Workspace(fresh.folder).apply(fresh.store)
    yield fresh
    Workspace(fresh.folder).remove(fresh.store)
    shutil.rmtree(fresh.folder / "books")
    assert fresh.schema() == before


@pytest.fixture
def workspace(shop: Shop) -> Workspace:
    return Workspace(shop.folder)


@pytest.fixture
def through(shop: Shop, workspace: Workspace) -> Iterator[Callable[[str], Passage]]:
    """Open passages for purposes that are closed when the test is over."""
    with ExitStack() as stack:

        def passage(purpose: str) -> Passage:
            opened = shop.open(workspace, purpose)
            stack.callback(opened.close)
            return opened

        yield passage


def customer(shop: Shop, number: int) -> Place:
    return Place(shop.store, "customer", str(number))


def emails(shop: Shop, passage: Passage) -> set[str]:
    return {row[0] for row in passage.run(shop.words("select Email from Customer")).rows}


def test_without_a_permit_there_is_nothing(shop: Shop, workspace: Workspace) -> None:
    if shop.engine == "postgresql":
        parts = {k: v for k, v in conninfo_to_dict(shop.url).items() if v is not None}
        with psycopg.connect(make_conninfo(**{**parts, "user": "shop_parcels"}), autocommit=True) as db:
            assert db.execute("select count(*) from shipping.customer").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute("select * from public.customer")
            assert db.execute("select count(*) from public.track").fetchone() == (3503,)
    opened = workspace.store(shop.store)
    login = opened.rules.logins[0].name
    for purpose, reason in (("", "order 4711"), ("curiosity", "order 4711"), ("support", " ")):
        with pytest.raises(Refused):
            opened.open(Ask(login, purpose, workspace.actor(), reason))
    assert workspace.log.count_by(kind="refusal") == 3
    assert workspace.log.count_by(kind="reading") == 0


def test_a_passage_that_is_over_gives_nothing(shop: Shop, workspace: Workspace) -> None:
    passage = shop.open(workspace, "shipping")
    assert passage.run(shop.words("select count(*) from Customer")).rows == [(PEOPLE,)]
    passage.close()
    with pytest.raises((Refused, StoreTrouble)):
        passage.run(shop.words("select count(*) from Customer"))


SEEN = "FirstName, LastName, Address, City, State, Country, PostalCode"
HIDDEN = ("Company", "Phone", "Fax", "Email", "SupportRepId")


def test_shipping_sees_names_and_addresses_of_customers_who_stand(
    shop: Shop, workspace: Workspace, through: Callable[[str], Passage]
) -> None:
    workspace.decide(customer(shop, 7), "shipping", Decision.WITHDRAW)
    shipping = through("shipping")
    shown = shipping.run(shop.words(f"select CustomerId, {SEEN} from Customer order by 1")).rows
    assert shown == shop.raw(f"select CustomerId, {SEEN} from Customer where CustomerId <> 7 order by 1")
    assert len(shown) == PEOPLE - 1


def test_shipping_sees_nothing_else(shop: Shop, through: Callable[[str], Passage]) -> None:
    shipping = through("shipping")
    everything = shipping.run(shop.words("select * from Customer"))
    told = "\n".join(str(value) for row in everything.rows for value in row)
    markers = {
        str(value)
        for row in shop.raw("select Company, Phone, Fax, Email from Customer")
        + shop.raw("select Phone, Fax, Email, Title from Employee")
        for value in row
        if value
    }
    assert len(markers) > 100
    assert [m for m in markers if m in told] == []
    for column in map(shop.words, HIDDEN):
        if shop.engine == "postgresql":
            answer = shipping.run(f"select customer_id, {column} from customer where {column} is not null")
            assert answer.rows == []
            assert "clause #shipping" in answer.withheld[column]
        else:
            with pytest.raises(Refused, match=r"clause #shipping") as refused:
                shipping.run(f"select {column} from Customer")
            assert refused.value.clause == "shipping"
    tables = {name for name, _ in shipping.tables()}
    assert tables == {shop.words("Customer")}
    for table in ("Invoice", "InvoiceLine", "Employee"):
        with pytest.raises(Refused):
            shipping.run(shop.words(f"select * from {table}"))


def test_a_withdrawn_consent_is_gone_from_the_next_statement_on(
    shop: Shop, workspace: Workspace, through: Callable[[str], Passage]
) -> None:
    newsletter = through("newsletter")
    assert emails(shop, newsletter) == set()
    workspace.decide(customer(shop, 1), "newsletter", Decision.GIVE)
    workspace.decide(customer(shop, 2), "newsletter", Decision.GIVE)
    assert emails(shop, newsletter) == {"luisg@embraer.com.br", "leonekohler@surfeu.de"}
    workspace.decide(customer(shop, 1), "newsletter", Decision.WITHDRAW)
    assert emails(shop, newsletter) == {"leonekohler@surfeu.de"}


def test_what_needs_a_yes_shows_the_purchases_of_those_who_said_it(
    shop: Shop, workspace: Workspace, through: Callable[[str], Passage]
) -> None:
    workspace.decide(customer(shop, 3), "stock-planning", Decision.GIVE)
    planning = through("stock-planning")
    found = planning.run(shop.words("select distinct CustomerId from Invoice")).rows
    assert found == [(3,)]
    lines = planning.run(shop.words("select count(*) from InvoiceLine")).rows
    raw = "select count(*) from InvoiceLine l join Invoice i on i.InvoiceId = l.InvoiceId where i.CustomerId = 3"
    assert lines == shop.raw(raw)
    assert lines[0][0] > 0


def test_colleagues_are_people_too(shop: Shop, workspace: Workspace, through: Callable[[str], Passage]) -> None:
    query = shop.words("select EmployeeId, ReportsTo, Title from Employee order by 1")
    directory = through("directory")
    assert directory.run(query).rows == shop.raw("select EmployeeId, ReportsTo, Title from Employee order by 1")
    workspace.decide(Place(shop.store, "employee", "2"), "directory", Decision.WITHDRAW)
    remaining = [row[0] for row in directory.run(query).rows]
    assert remaining == [1, 3, 4, 5, 6, 7, 8]
    assert through("payroll").run(shop.words("select count(*) from Employee")).rows == [(8,)]


def test_each_permit_and_reading_is_in_the_log_with_handles(
    shop: Shop, workspace: Workspace, through: Callable[[str], Passage]
) -> None:
    support = through("support")
    query = "select CustomerId, Email from Customer where CustomerId in (4, 5) order by 1"
    assert support.run(shop.words(query)).rows == [(4, "bjorn.hansen@yahoo.no"), (5, "frantisekw@jetbrains.com")]
    (issued,) = workspace.log.latest(10, kind="permit-issued")
    (reading,) = workspace.log.latest(10, kind="reading")
    assert issued.entry is not None
    assert reading.entry is not None
    assert (issued.entry.fields["purpose"], issued.clause) == ("support", "support")
    assert reading.entry.fields["permit"] == issued.entry.fields["permit"]
    assert reading.entry.fields["grade"] == "named"
    handles = workspace.people.handles(shop.store, [("customer", "4"), ("customer", "5")])
    assert reading.entry.fields["people"] == sorted(handles.values())
    kept = (shop.folder / "books" / "evidence.db").read_bytes()
    wal = shop.folder / "books" / "evidence.db-wal"
    kept += wal.read_bytes() if wal.exists() else b""
    assert b"order 4711" not in kept
    assert b"bjorn.hansen" not in kept
    verdict = workspace.log.verify(workspace.signer.key)
    assert verdict.sound
    assert verdict.size == workspace.log.size


def test_standing_is_right_on_every_row_and_the_store_is_as_it_was_applied(shop: Shop, workspace: Workspace) -> None:
    workspace.decide(customer(shop, 9), "support", Decision.WITHDRAW)
    opened = workspace.store(shop.store)
    assert opened.verify() == 0
    assert opened.check().green
    states = {k.clause: k.state.value for k in workspace.kept()[0]}
    assert states["stated-purpose"] == "enforced"


def test_the_lines_of_its_page_run_as_they_are_printed(fresh: Shop, tmp_path: Path) -> None:
    page = (fresh.folder / "README.md").read_text(encoding="utf-8")
    typed = [line for line in page.splitlines() if line.startswith("sekisho ") and "examples/" not in line]
    assert len(typed) == 8
    place = {"cwd": fresh.folder, "env": {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}}
    shown = {}
    for line in typed:
        command, _, comment = line.partition("#")
        if fresh.engine == "postgresql":
            command = fresh.words(command.replace("counter", "online"))
        done = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, check=False, input="y\n", **place
        )
        withheld = "refused" in comment and fresh.engine == "postgresql"
        assert done.returncode == (3 if "refused" in comment and not withheld else 0), f"{command}: {done.stderr}"
        assert not withheld or "clause #shipping" in done.stderr
        shown[command] = done.stdout
    assert any("leonekohler@surfeu.de" in text and "(1 row)" in text for text in shown.values())
    shutil.rmtree(fresh.folder / "books")


def test_taking_the_gate_away_gives_the_schema_and_the_rows_back(fresh: Shop) -> None:
    schema, rows = fresh.schema(), fresh.raw("select * from Customer order by 1")
    workspace = Workspace(fresh.folder)
    workspace.apply(fresh.store)
    assert fresh.schema() != schema
    workspace.remove(fresh.store)
    assert fresh.schema() == schema
    assert fresh.raw("select * from Customer order by 1") == rows
    shutil.rmtree(fresh.folder / "books")
