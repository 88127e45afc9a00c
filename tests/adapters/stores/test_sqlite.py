"""The SQLite gate on a real file: what goes through it meets the same policy as in PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sekisho.adapters.stores.sqlite import SqliteStore
from sekisho.adapters.stores.sqlite_passage import SqlitePassage
from sekisho.datamap.model import Login, Withheld
from sekisho.ground.errors import BadInput, Refused, StoreTrouble
from sekisho.policy.model import Witness
from studio import KeyRing, Notebook, ask, purpose, rules, stand

pytestmark = pytest.mark.unit

MARK = "secret-marker"


def schema(path: Path) -> list[tuple[object, ...]]:
    db = sqlite3.connect(path)
    rows = db.execute("select type, name, tbl_name, sql from sqlite_schema order by rowid").fetchall()
    db.close()
    return rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    db = sqlite3.connect(tmp_path / "shop.db")
    db.executescript(
        """
        create table customers (id integer primary key, name text not null, email text unique, address text,
          birth_date text, created_at text default current_timestamp);
        create table products (id integer primary key, title text);
        create table orders (id integer primary key, customer_id integer references customers (id), total integer,
          ship_to text);
        create table order_items (order_id integer, line integer, what text, primary key (order_id, line))
          without rowid;
        insert into products values (1, 'kite'), (2, 'lantern');
        """
    )
    people = [(n, f"Name {n}", f"p{n}@example.jp", f"{MARK} {n}", f"{MARK} 1990") for n in range(1, 21)]
    db.executemany("insert into customers (id, name, email, address, birth_date) values (?, ?, ?, ?, ?)", people)
    db.executemany("insert into orders values (?, ?, ?, ?)", [(n, 1 + n % 20, n, MARK) for n in range(1, 61)])
    db.executemany(
        "insert into order_items values (?, ?, ?)", [(n, line, MARK) for n in range(1, 61) for line in (1, 2)]
    )
    db.commit()
    db.close()
    return tmp_path / "shop.db"


@pytest.fixture
def store(path: Path) -> SqliteStore:
    made = SqliteStore(path, rules(engine="sqlite", schema="main", withheld=Withheld.ABSENT), KeyRing(), Notebook())
    made.apply(made.plan().digest)
    return made


@pytest.fixture
def through(store: SqliteStore) -> Iterator[Callable[..., SqlitePassage]]:
    with ExitStack() as stack:
        yield lambda *words, **more: stack.enter_context(store.open(ask(*words, **more)))


def execute(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_a_purpose_sees_its_columns_and_a_refusal_names_the_clause(
    store: SqliteStore, through: Callable[..., SqlitePassage]
) -> None:
    passage = through("support")
    assert passage.run("select id, name, email from customers where id = ?", [3]).rows == [
        (3, "Name 3", "p3@example.jp")
    ]
    assert passage.run("select * from customers").columns == ("id", "name", "email", "created_at")
    assert passage.run("select title from products").count == 2
    with pytest.raises(Refused, match=r"`birth_date`.*clause #c-support") as caught:
        passage.run("select birth_date from customers")
    assert caught.value.clause == "c-support"
    with pytest.raises(Refused, match="does not reach"):
        passage.run("select * from main.customers")
    notebook = store.witness
    assert isinstance(notebook, Notebook)
    assert notebook.kinds() == ["permit-issued", "reading", "reading", "reading", "refused", "refused"]


def test_a_withdrawal_is_obeyed_from_the_next_statement(
    store: SqliteStore, through: Callable[..., SqlitePassage]
) -> None:
    support = store.rules.purpose("support")
    assert support is not None
    passage = through("support")
    assert passage.run("select count(*) from customers").rows == [(20,)]
    stand(store, {("customer", "5"): store.rules.defaults["customer"] & ~support.bit})
    assert passage.run("select count(*) from customers").rows == [(19,)]
    stand(store, {("customer", "5"): store.rules.defaults["customer"]})
    assert passage.run("select count(*) from customers").rows == [(20,)]
    assert store.verify() == 0


def test_a_file_that_is_not_applied_is_told_as_such(path: Path) -> None:
    plain = SqliteStore(path, rules(engine="sqlite"), KeyRing(), Notebook())
    for look in (plain.position, plain.verify):
        with pytest.raises(StoreTrouble, match="is not applied"):
            look()


def test_opt_in_needs_a_yes_and_a_lease(store: SqliteStore, through: Callable[..., SqlitePassage]) -> None:
    news = store.rules.purpose("news")
    assert news is not None
    stand(store, {("customer", "6"): store.rules.defaults["customer"] | news.bit})
    passage = through("news")
    assert passage.run("select count(*) from customers").rows == [(0,)]
    store.renew(store.position())
    assert passage.run("select id from customers").rows == [(6,)]
    store.close()
    assert passage.run("select count(*) from customers").rows == [(0,)]


def test_masks_follow_rows_wherever_they_go(store: SqliteStore, path: Path) -> None:
    analysis = store.rules.purpose("analysis")
    assert analysis is not None
    stand(store, {("customer", "7"): store.rules.defaults["customer"] | analysis.bit})
    execute(
        path,
        "update orders set customer_id = 7 where id = 1",
        "update orders set customer_id = null where id = 2",
        "insert into orders (id, customer_id) values (100, 7), (101, 999)",
        "insert into order_items (order_id, line) values (100, 1)",
        "insert into customers (id, name) values (999, 'late')",
        "update customers set sekisho_standing = -1 where id = 3",
        "delete from customers where id = 8",
        "update customers set id = 7007 where id = 7",
    )
    assert store.verify() == 0


def test_answering_a_request_opens_one_person(through: Callable[..., SqlitePassage]) -> None:
    passage = through("answer-requests", subject="customer:4")
    assert passage.run("select id, birth_date from customers").rows == [(4, f"{MARK} 1990")]
    assert {r[0] for r in passage.run("select customer_id from orders").rows} == {4}


def test_after_the_end_nothing_is_readable(store: SqliteStore) -> None:
    passage = store.open(ask("support"))
    passage.close()
    with pytest.raises(Refused, match="over"):
        passage.run("select 1")


def test_remove_puts_the_schema_back_byte_for_byte(path: Path) -> None:
    before = schema(path)
    store = SqliteStore(path, rules(engine="sqlite", schema="main"), KeyRing(), Notebook())
    store.apply()
    assert schema(path) != before
    stand(store, {("customer", "1"): 31})
    store.remove()
    assert schema(path) == before


def test_a_second_apply_is_empty_and_the_check_is_green_until_somebody_meddles(store: SqliteStore, path: Path) -> None:
    assert store.plan().empty
    assert store.check().differences == ()
    execute(path, 'drop trigger "sekisho insert orders"')
    assert any("guard:orders" in d for d in store.check().differences)


def test_what_does_not_fit_changes_nothing(path: Path, tmp_path: Path) -> None:
    before = schema(path)
    from dataclasses import replace

    from studio import TABLES

    odd = (replace(TABLES[0], key=("name",)), *TABLES[1:])
    with pytest.raises(BadInput, match="not unique"):
        SqliteStore(path, rules(engine="sqlite", schema="main", tables=odd), KeyRing(), Notebook()).plan()
    assert schema(path) == before
    (tmp_path / "no.db").write_bytes(b"nothing of the kind" * 100)
    for odd_path in ("no.db", "absent.db"):
        with pytest.raises(StoreTrouble):
            SqliteStore(tmp_path / odd_path, rules(engine="sqlite", schema="main"), KeyRing(), Notebook()).plan()


def test_a_store_follows_the_ledgers_in_order(store: SqliteStore) -> None:
    default = store.rules.defaults["customer"]
    assert store.project({("customer", "1"): 31}, 0, 7)
    assert store.position() == 7
    assert store.project({("customer", "1"): default}, 0, 6) == 0, "what is older must not overwrite a withdrawal"
    assert store.project({("customer", "1"): default}, 8, 9) is None, "what leaves a gap must not pass"
    assert store.renew(8) is None
    assert store.lease().open_until is None
    assert store.renew(7) is not None
    lease = store.lease()
    assert (lease.position, lease.waiting) == (7, 0)
    assert lease.open_until is not None


def test_a_key_written_otherwise_is_the_same_person(store: SqliteStore, path: Path) -> None:
    stand(store, {("customer", "007"): 31})
    execute(path, "update customers set sekisho_standing = 0 where id = 7")
    db = sqlite3.connect(path)
    assert db.execute("select sekisho_standing from customers where id = 7").fetchone() == (31,)
    db.close()


def test_a_promise_of_names_refuses_what_does_not_name(path: Path, store: SqliteStore) -> None:
    careful = purpose("careful", 12, ["name"], witness=Witness.NAMED)
    logins = [Login("shop_careful", ("careful", "answer-requests"))]
    store.rules = rules(careful, engine="sqlite", schema="main", logins=logins)
    store.apply()
    with store.open(ask("careful", login="shop_careful")) as passage:
        assert passage.run("select id, name from customers where id < 3").count == 2
        assert passage.run("select title from products").count == 2
        for sql in (
            "select name from customers",
            "select count(*) from customers",
            "select 1 as id, name from customers",
        ):
            with pytest.raises(Refused, match="does not name them"):
                passage.run(sql)
    with store.open(ask("answer-requests", login="shop_careful", subject="customer:4")) as passage:
        assert passage.run("select count(*) from customers").rows == [(1,)]
    notebook = store.witness
    assert isinstance(notebook, Notebook)
    readings = [r.keys for k, r in notebook.told if k == "reading"]
    assert readings == [(("customer", "1"), ("customer", "2")), (), (("customer", "4"),)]


def test_a_file_that_cannot_be_written_is_told(store: SqliteStore, path: Path) -> None:
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreTrouble, match="cannot be used: unable to open"):
        store.position()
