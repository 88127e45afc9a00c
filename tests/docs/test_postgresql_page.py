"""What docs/postgresql.md says does not work through views does not, and the ordinary way does; on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.adapters.stores.postgres import PostgresStore
from studio import SCHEMA, KeyRing, Notebook, ask, rules

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "postgresql.md").read_text(encoding="utf-8")
LIMITS = PAGE.split("## What does not work through views", 1)[1].split("\n## ", 1)[0]

REFUSED = (
    (
        "`INSERT … ON CONFLICT ON CONSTRAINT name`",
        "insert into customers (name) values ('a') on conflict on constraint customers_pkey do nothing",
    ),
    ("`ctid`", "select ctid from customers"),
    ("`xmin`", "select xmin from customers"),
    ("`tableoid`", "select name from customers where tableoid = 'public.customers'::regclass"),
    ("`GROUP BY` of the primary key alone", "select id, name from customers group by id"),
    ("`TRUNCATE`", "truncate customers"),
    ("`COPY … FROM`", "copy customers from stdin"),
    ("changes its schema", "alter table public.customers add column extra text"),
    ("`UPDATE` of key and link columns", "update customers set id = 99 where id = 1"),
    ("columns that are withheld", "update customers set birth_date = null where id = 1"),
)
"""(the words of the page, a statement that the page says does not work)."""

WORKS = (
    "insert into customers (name, email) values ('New', 'p1@example.jp') on conflict (email) do nothing",
    "select name, count(*) from customers group by id, name",
    "update customers set name = 'Other' where id = 1",
    "select id from customers for update",
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with fresh_database() as address:
        with psycopg.connect(address) as db:
            db.execute(SCHEMA)
        store = PostgresStore(address, rules(), KeyRing(), Notebook())
        store.apply(store.plan().digest)
        yield address


@pytest.fixture
def db(url: str) -> Iterator[psycopg.Connection]:
    store = PostgresStore(url, rules(), KeyRing(), Notebook())
    store.apply()
    parts = {k: v for k, v in conninfo_to_dict(url).items() if v is not None}
    with psycopg.connect(make_conninfo(**{**parts, "user": "shop_support"})) as mine:
        mine.execute("select sekisho.enter(%s)", (store.issue(ask("support")).token,))
        yield mine
        mine.rollback()


@pytest.mark.parametrize(("said", "statement"), REFUSED, ids=[s for s, _ in REFUSED])
def test_what_the_page_says_does_not_work_does_not(db: psycopg.Connection, said: str, statement: str) -> None:
    assert said in LIMITS
    with pytest.raises(psycopg.Error):
        db.execute(statement)


@pytest.mark.parametrize("statement", WORKS)
def test_the_ordinary_way_works(db: psycopg.Connection, statement: str) -> None:
    db.execute(statement)


def test_writing_needs_a_promise_that_says_so(url: str) -> None:
    store = PostgresStore(url, rules(), KeyRing(), Notebook())
    store.apply()
    parts = {k: v for k, v in conninfo_to_dict(url).items() if v is not None}
    with psycopg.connect(make_conninfo(**{**parts, "user": "shop_ship"})) as mine:
        mine.execute("select sekisho.enter(%s)", (store.issue(ask("shipping", "shop_ship")).token,))
        assert mine.execute("select count(*) from customers").fetchone() == (20,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mine.execute("delete from customers")
