"""Attack: past the SQLite gate from inside the process, by whatever the passage hands out or leaves behind."""

from __future__ import annotations

import pickle
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sekisho.adapters.stores import sqlite_passage
from sekisho.adapters.stores.sqlite import SqliteStore
from sekisho.adapters.stores.sqlite_passage import SqlitePassage
from sekisho.datamap.model import Withheld
from sekisho.gate.session import Reading
from sekisho.ground.errors import NotWitnessed, Refused, SekishoError
from studio import KeyRing, Notebook, ask, rules, stand

pytestmark = pytest.mark.unit

MARK = "zqsecretzq"
SCHEMA = """
create table customers (id integer primary key, name text, email text unique, address text, birth_date text,
  created_at text default current_timestamp);
create table products (id integer primary key, title text);
create table orders (id integer primary key, customer_id integer, total integer, ship_to text);
create table order_items (order_id integer, line integer, what text, primary key (order_id, line));
create view everybody as select * from customers;
insert into products values (1, 'kite');
"""


def make(path: Path) -> SqliteStore:
    db = sqlite3.connect(path)
    db.executescript(SCHEMA)
    people = [(n, f"Name {n}", f"p{n}@example.jp", MARK, MARK) for n in (1, 2, 3)]
    db.executemany("insert into customers (id, name, email, address, birth_date) values (?, ?, ?, ?, ?)", people)
    db.execute("insert into customers (id, name, email) values (5, ?, ?)", (MARK, MARK))
    db.commit()
    db.close()
    store = SqliteStore(path, rules(engine="sqlite", schema="main", withheld=Withheld.ABSENT), KeyRing(), Notebook())
    store.apply()
    stand(store, {("customer", "5"): 0b11111})
    return store


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return make(tmp_path / "shop.db")


@pytest.fixture
def passage(store: SqliteStore) -> Iterator[SqlitePassage]:
    with store.open(ask("support")) as opened:
        yield opened


def tried(passage: SqlitePassage, sql: str, params: Sequence[object] = ()) -> str:
    """Return everything that a statement gives or says."""
    try:
        return repr(passage.run(sql, params))
    except SekishoError as error:
        return f"{error} {error.help} {error.__cause__}"


def test_a_passage_offers_three_things(passage: SqlitePassage) -> None:
    assert {name for name in dir(passage) if not name.startswith("_")} == {"run", "tables", "close"}
    assert passage._token not in repr(passage)


def test_a_passage_cannot_be_carried_elsewhere(passage: SqlitePassage) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(passage)
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(tried(passage, "select name from customers")))
    thread.start()
    thread.join()
    assert "Name 1" not in said[0]


def test_rows_are_handed_over_whole_and_not_by_a_cursor(store: SqliteStore) -> None:
    with store.open(ask("support")) as passage:
        answer = passage.run("select name from customers")
        assert type(answer.rows) is list
        db = passage._db
        assert db is not None
        left_open = db.execute("select name from customers")
        assert left_open.fetchone() == ("Name 1",)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        left_open.fetchone()
    with pytest.raises(Refused, match="over"):
        passage.run("select name from customers")


def test_when_the_permit_is_over_nothing_runs_and_the_connection_is_gone(
    passage: SqlitePassage, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = passage._db
    assert db is not None
    now = time.monotonic()
    monkeypatch.setattr(sqlite_passage.time, "monotonic", lambda: now + 16 * 60)
    with pytest.raises(Refused, match="over"):
        passage.run("select name from customers")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("select 1")


def test_no_statement_is_kept_from_before(store: SqliteStore) -> None:
    with store.open(ask("support")) as passage:
        assert passage.run("select count(*) from customers").rows == [(3,)]
        stand(store, {("customer", "1"): 0b11111})
        assert passage.run("select count(*) from customers").rows == [(2,)]


def test_what_cannot_be_witnessed_is_not_handed_over(store: SqliteStore) -> None:
    class Full(Notebook):
        def reading(self, readings: Sequence[Reading]) -> None:
            raise NotWitnessed

    store.witness = Full()
    with store.open(ask("support")) as passage, pytest.raises(NotWitnessed):
        passage.run("select name from customers")

    class Gone(Notebook):
        def permit_issued(self, issued: object, clause: str, *words: object) -> None:
            raise NotWitnessed

    store.witness = Gone()
    with pytest.raises(NotWitnessed):
        store.open(ask("support"))


@pytest.mark.parametrize(
    "statement",
    [
        "select * from everybody",
        "select * from main.everybody",
        "with everybody as (select * from main.customers) select * from everybody",
        "with products as (select * from main.customers) select * from products",
        "with recursive customers as (select * from main.customers) select * from customers",
        "select * from products, main.customers",
        "select (with customers as (select * from main.customers) select address from customers)",
    ],
)
def test_names_lead_to_no_table(passage: SqlitePassage, statement: str) -> None:
    assert MARK not in tried(passage, statement)


def test_the_hidden_name_is_of_no_use_to_who_learns_it(passage: SqlitePassage) -> None:
    for inner in list(passage._inner):
        for spelled in (inner, inner.upper(), f'"{inner.upper()}"', f"temp.{inner.upper()}"):
            said = tried(passage, f"select * from {spelled}")
            said += tried(passage, f"with customers as (select * from {spelled}) select * from customers")
            said += tried(passage, f"with {inner.upper()} as (select * from main.customers) select * from {spelled}")
            assert MARK not in said


@pytest.mark.parametrize(
    "change",
    [
        "drop table products; create view products as select * from customers",
        "create trigger t after update on orders begin select * from customers; end",
        "alter table customers rename to people; create view customers as select * from people",
        "alter table customers rename column address to gone",
        "create table customers2 as select * from customers",
        "drop view everybody; create view everybody as select sekisho_standing, * from customers",
    ],
)
def test_who_may_write_the_file_cannot_turn_an_open_passage(
    store: SqliteStore, passage: SqlitePassage, change: str
) -> None:
    other = sqlite3.connect(store.path)
    other.executescript(change)
    other.close()
    for statement in ("select * from customers", "select * from products", "select * from everybody", "select 1"):
        assert MARK not in tried(passage, statement)


@pytest.mark.parametrize("key", ["1' or '1'='1", "1) or (1=1", "'; drop table customers; --", "\\", "a\\b'", "é\u202e"])
def test_a_persons_key_is_only_a_key(store: SqliteStore, key: str) -> None:
    with store.open(ask("answer-requests", subject=f"customer:{key}")) as passage:
        assert passage.run("select * from customers").rows == []
        assert passage.run("select * from orders").rows == []


@pytest.mark.parametrize(
    ("statement", "params"),
    [
        ("select '\ud800'", ()),
        ("select '\0'", ()),
        ("select ?", (2**70,)),
        ("select ?", (object(),)),
        ("select ?", (MARK, MARK)),
        ("select :a", ()),
        ("", ()),
        ("select " + "(" * 5000 + "1" + ")" * 5000, ()),
        ("select length(printf('%.*c', 900000000, 'x'))", ()),
        ("select 1" + " union all select 1" * 1000, ()),
    ],
)
def test_odd_input_is_refused_in_our_own_words(
    passage: SqlitePassage, statement: str, params: Sequence[object]
) -> None:
    assert MARK not in tried(passage, statement, params)
    assert passage.run("select count(*) from customers").rows == [(3,)]


def test_functions_and_dumps_on_the_connection_itself_meet_the_authoriser(passage: SqlitePassage) -> None:
    db = passage._db
    assert db is not None
    with pytest.raises(sqlite3.DatabaseError):
        list(db.iterdump())
    db.create_function("mine", 1, lambda value: value)
    assert "not" in tried(passage, "select mine(address) from main.customers")
    with pytest.raises(sqlite3.DatabaseError):
        db.execute("select address from main.customers")


@pytest.mark.parametrize("way", ["second connection", "authoriser", "blob", "backup", "the bytes of the file"])
def test_known_ways_round_it_that_need_the_file_or_our_private_names(
    store: SqliteStore, passage: SqlitePassage, way: str
) -> None:
    """Said on the page about trust under `sqlite-file` and `sqlite-process`: no object keeps its own process out."""
    db = passage._db
    assert db is not None
    if way == "second connection":
        other = sqlite3.connect(store.path)
        found = repr(other.execute("select * from customers").fetchall())
        other.close()
    elif way == "authoriser":
        db.set_authorizer(None)
        found = repr(db.execute("select * from main.customers").fetchall())
    elif way == "blob":
        with db.blobopen("customers", "address", 1, readonly=True) as blob:
            found = blob.read().decode()
    elif way == "backup":
        copy = sqlite3.connect(":memory:")
        db.backup(copy)
        found = repr(copy.execute("select * from customers").fetchall())
        copy.close()
    else:
        found = store.path.read_bytes().decode("latin-1")
    assert MARK in found


@pytest.mark.parametrize(
    "name", ["a?mode=rwc.db", "a#b.db", "a%41.db", "100%.db", "a b'\".db", "é顧.db", "-x.db", "a&vfs=no.db"]
)
def test_a_files_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    store = make(tmp_path / name)
    with store.open(ask("support")) as passage:
        assert passage.run("select count(*) from customers").rows == [(3,)]
        assert "Name 9" not in tried(passage, "insert into customers (name) values ('Name 9') returning name")
    assert [p.name for p in tmp_path.iterdir()] == [name]
