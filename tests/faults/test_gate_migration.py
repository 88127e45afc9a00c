"""Fault: a migration brings personal data that the map does not know. It is denied until mapped, and it is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.adapters.stores.sqlite import SqliteStore
from sekisho.datamap.model import Withheld
from sekisho.ground.errors import Refused, StoreTrouble
from studio import SCHEMA, KeyRing, Notebook, ask, rules

MARK = "zqphone1zq"
needs_server = pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as address:
        with psycopg.connect(address) as db:
            db.execute(SCHEMA)
        yield address


@pytest.fixture
def store(url: str) -> PostgresStore:
    made = PostgresStore(url, rules(), KeyRing(), Notebook())
    made.apply(made.plan().digest)
    return made


def migrate(url: str, *statements: str) -> None:
    with psycopg.connect(url) as db:
        for statement in statements:
            db.execute(statement.encode())


def as_login(url: str, login: str) -> psycopg.Connection:
    parts = {k: str(v) for k, v in conninfo_to_dict(url).items() if v is not None}
    return psycopg.connect(make_conninfo(**{**parts, "user": login}), autocommit=True)


@pytest.mark.postgresql
@needs_server
def test_a_new_column_is_in_no_view_and_is_named(store: PostgresStore, url: str) -> None:
    assert store.check().unmapped == ()
    migrate(url, f"alter table customers add column phone2 text default '{MARK}'")
    with store.open(ask("support")) as passage:
        answer = passage.run("select * from customers")
        assert "phone2" not in answer.columns
        assert MARK not in repr(answer.rows)
        with pytest.raises(StoreTrouble, match="does not exist"):
            passage.run("select phone2 from customers")
        with pytest.raises(Refused):
            passage.run("select phone2 from public.customers")
    assert any("customers.phone2" in said for said in store.check().unmapped)


@pytest.mark.postgresql
@needs_server
def test_a_new_table_is_closed_and_is_named(store: PostgresStore, url: str) -> None:
    migrate(url, "create table diary (id integer, text text)", f"insert into diary values (1, '{MARK}')")
    with as_login(url, "shop_support") as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("select * from public.diary")
    assert any("diary" in said for said in store.check().unmapped)


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize(
    "opened",
    [
        "grant select on diary to public",
        "grant select on diary to shop_support",
        "grant select (text) on diary to shop_support",
    ],
)
def test_a_new_table_that_was_opened_is_drift_and_a_hole(store: PostgresStore, url: str, opened: str) -> None:
    migrate(url, "create table diary (id integer, text text)", f"insert into diary values (1, '{MARK}')", opened)
    check = store.check()
    assert not check.green
    assert any("diary" in said for said in check.differences)
    assert any(h.code == "unmapped-grant" and "diary" in h.what for h in check.holes)


@pytest.mark.postgresql
@needs_server
def test_default_privileges_that_open_what_comes_are_seen_when_it_comes(store: PostgresStore, url: str) -> None:
    migrate(url, "alter default privileges grant select on tables to public", "create table diary (text text)")
    try:
        assert not store.check().green
    finally:
        migrate(url, "alter default privileges revoke select on tables from public")


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("alter table customers rename column email to mail", "customers"),
        ("alter table customers alter column name type varchar(200) using name", "customers"),
        ("alter table customers drop column sekisho_standing cascade", "customers"),
        ("drop view support.customers", "support.customers"),
        ("alter table orders rename to purchases", "orders"),
        ("alter table orders force row level security", "orders"),
        ("create policy open on orders using (true)", "orders"),
        ("create table more_orders () inherits (orders)", "orders"),
        ("drop trigger sekisho_guard on orders", "orders.sekisho_guard"),
        ("alter role shop_support inherit", "shop_support"),
        ("grant usage on schema support to public", "support"),
        ("alter function sekisho.enter(text) reset search_path", "sekisho.enter"),
        ("update sekisho.purpose set number = 40 where number = 9", "purpose"),
        ("update sekisho.login set ceiling = -1", "login"),
    ],
)
def test_a_change_of_what_the_gate_stands_on_is_named(store: PostgresStore, url: str, change: str, named: str) -> None:
    with psycopg.connect(url) as db:
        db.execute("set client_min_messages = warning")
        try:
            db.execute(change.encode())
        except psycopg.errors.FeatureNotSupported:
            return  # the database itself refuses it while a view stands on the column
    try:
        differences = store.check().differences
    finally:
        migrate(url, "alter role shop_support noinherit")
    assert any(named in said for said in differences), differences


@pytest.mark.unit
def test_on_sqlite_a_new_column_and_a_new_table_are_closed_and_named(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    db = sqlite3.connect(path)
    db.executescript(
        """create table customers (id integer primary key, name text, email text, address text, birth_date text,
             created_at text);
           create table orders (id integer primary key, customer_id integer, total integer, ship_to text);
           create table order_items (order_id integer, line integer, what text, primary key (order_id, line));
           create table products (id integer primary key);
           insert into customers (id, name) values (1, 'one');"""
    )
    store = SqliteStore(path, rules(engine="sqlite", schema="main", withheld=Withheld.NULL), KeyRing(), Notebook())
    store.apply()
    assert store.check().unmapped == ()
    db.executescript(
        f"""alter table customers add column phone2 text default '{MARK}';
            create table diary (text text); insert into diary values ('{MARK}');"""
    )
    db.close()
    with store.open(ask("support")) as passage:
        answer = passage.run("select * from customers")
        assert "phone2" not in answer.columns
        assert MARK not in repr(answer.rows)
        for statement in ("select phone2 from customers", "select * from diary", "select * from main.diary"):
            with pytest.raises(Exception, match=r"does not reach|failed") as caught:
                passage.run(statement)
            assert MARK not in str(caught.value)
    unmapped = store.check().unmapped
    assert any("customers.phone2" in said for said in unmapped)
    assert any("diary" in said for said in unmapped)
