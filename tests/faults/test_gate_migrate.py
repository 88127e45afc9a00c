"""Attack: a script that changes the schema tries to become more than the owner of the application's tables."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from postgres import fresh_database, listening
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.ground.errors import StoreTrouble
from studio import SCHEMA, KeyRing, Notebook, rules

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]


@pytest.fixture(scope="module")
def store() -> Iterator[PostgresStore]:
    with fresh_database("sekisho_migrate") as url:
        with psycopg.connect(url) as db:
            db.execute(SCHEMA)
        made = PostgresStore(url, rules(), KeyRing(), Notebook())
        made.apply(made.plan().digest)
        yield made


@pytest.fixture
def clean(store: PostgresStore) -> Iterator[None]:
    """No such role before, and none after, so that one script does not hide what the next one does."""
    yield
    with psycopg.connect(store.url) as db:
        db.execute("drop role if exists sekisho_evil")


def roles(store: PostgresStore) -> list[tuple[object, ...]]:
    with psycopg.connect(store.url) as db:
        return db.execute("select rolname, rolsuper from pg_roles order by 1").fetchall()


@pytest.mark.parametrize(
    "script",
    [
        "reset role; create role sekisho_evil superuser",
        "set role none; create role sekisho_evil superuser",
        "set session authorization default; create role sekisho_evil",
        "select set_config('role', 'none', true); create role sekisho_evil",
        "do $$ begin execute 'reset role'; create role sekisho_evil; end $$",
        "create role sekisho_evil",
        "alter role current_user superuser",
        "commit; create role sekisho_evil",
        "end $$; create role sekisho_evil; --",
        "end $sekisho$; create role sekisho_evil; --",
        "'; create role sekisho_evil; --",
        "copy products to program 'true'",
        "insert into sekisho.login values ('public', -1, false)",
        "update sekisho.lease set open_until = 'infinity'",
        "drop view support.customers",
        "create or replace function sekisho.enter(token text) returns text language sql as 'select null::text'",
        "alter table customers owner to current_user; drop schema sekisho cascade",
        "",
        "select",
    ],
)
def test_a_script_is_no_more_than_the_owner_of_the_tables(store: PostgresStore, clean: None, script: str) -> None:
    before = roles(store)
    try:
        store.migrate(script)
    except StoreTrouble as error:
        assert error.help  # noqa: PT017 - a script may also be harmless and run
    assert roles(store) == before
    assert store.check().differences == ()
    assert store.verify() == 0


def test_a_script_changes_the_tables_of_the_application(store: PostgresStore) -> None:
    store.migrate("create table parcels (id integer primary key, weight integer); insert into parcels values (1, 2)")
    assert any("parcels" in said for said in store.check().unmapped)
    store.migrate("drop table parcels")
    assert store.check().unmapped == ()
