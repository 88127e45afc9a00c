"""Attack: what one session leaves behind, another one must not find; and honest permits must not be lost in a crowd."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.gate import permit as permits
from studio import SCHEMA, KeyRing, Notebook, ask, rules

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]
COUNT = "select count(*) from support.customers"


@pytest.fixture(scope="module")
def store() -> Iterator[PostgresStore]:
    with fresh_database("sekisho_sessions") as url:
        with psycopg.connect(url) as db:
            db.execute(SCHEMA)
        made = PostgresStore(url, rules(), KeyRing(), Notebook())
        made.apply(made.plan().digest)
        yield made


def as_login(store: PostgresStore, login: str = "shop_support", options: str = "") -> psycopg.Connection:
    parts = {k: str(v) for k, v in conninfo_to_dict(store.url).items() if v is not None}
    return psycopg.connect(make_conninfo(**{**parts, "user": login, "options": options}), autocommit=True)


def admin(store: PostgresStore, sql: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(store.url) as db:
        cursor = db.execute(sql.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def haunt(store: PostgresStore, dead: int, living: int) -> None:
    """Leave the row of a backend that is gone to one that got its process id."""
    admin(
        store, "update sekisho.entered set pid = %s, until = now() + interval '9 minutes' where pid = %s", living, dead
    )


@pytest.mark.parametrize("scope", ["session", "transaction"])
def test_a_backend_with_the_process_id_of_a_dead_one_has_not_entered(store: PostgresStore, scope: str) -> None:
    first = as_login(store)
    dead = first.info.backend_pid
    if scope == "session":
        first.execute("select sekisho.enter(%s)", (store.issue(ask()).token,))
        assert first.execute(COUNT).fetchone() == (20,)
    else:
        with first.transaction():
            first.execute("select sekisho.enter(%s)", (store.issue(ask(), permits.SERVICE).token,))
    first.close()
    with as_login(store) as second:
        haunt(store, dead, second.info.backend_pid)
        assert admin(store, "select 1 from sekisho.entered where pid = %s", second.info.backend_pid) == [(1,)]
        assert second.execute(COUNT).fetchone() == (0,)
        with second.transaction():
            second.execute("select pg_current_xact_id()")
            assert second.execute(COUNT).fetchone() == (0,)
        second.execute("select set_config('sekisho.session', '', false)")
        assert second.execute(COUNT).fetchone() == (0,)


def test_another_login_with_the_process_id_and_the_secret_reads_by_its_own_views_only(store: PostgresStore) -> None:
    first = as_login(store)
    first.execute("select sekisho.enter(%s)", (store.issue(ask()).token,))
    row = first.execute("select current_setting('sekisho.session')").fetchone()
    assert row is not None
    dead = first.info.backend_pid
    first.close()
    with as_login(store, "shop_ship") as other:
        haunt(store, dead, other.info.backend_pid)
        other.execute("select set_config('sekisho.session', %s, false)", row)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute(COUNT)
        assert other.execute("select count(*) from shipping.customers").fetchone() == (0,)


def test_a_secret_given_at_the_start_of_the_connection_is_not_taken(store: PostgresStore) -> None:
    with as_login(store, options="-c sekisho.session=known") as db:
        assert db.execute(COUNT).fetchone() == (0,)
        db.execute("select sekisho.enter(%s)", (store.issue(ask()).token,))
        row = db.execute("select current_setting('sekisho.session')").fetchone()
        assert row is not None
        assert row[0] != "known"
        assert db.execute(COUNT).fetchone() == (20,)
        db.execute("discard all")
        assert db.execute(COUNT).fetchone() == (0,)


def test_secrets_differ_from_session_to_session(store: PostgresStore) -> None:
    found = set()
    for _ in range(5):
        with as_login(store) as db:
            db.execute("select sekisho.enter(%s)", (store.issue(ask()).token,))
            found.add(db.execute("select current_setting('sekisho.session')").fetchone())
    assert len(found) == 5


def test_one_permit_raced_by_many_is_used_once(store: PostgresStore) -> None:
    token = store.issue(ask()).token

    def enter(_: int) -> bool:
        with as_login(store) as db:
            try:
                db.execute("begin")
                db.execute("select sekisho.enter(%s)", (token,))
                db.execute("select pg_sleep(0.05)")
                db.execute("rollback")
            except psycopg.errors.InsufficientPrivilege:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enter, range(16))) == 1


def test_permits_of_a_crowd_are_each_good_once_in_any_order(store: PostgresStore) -> None:
    tokens = [store.issue(ask()).token for _ in range(40)]
    with as_login(store) as db:
        for token in reversed(tokens):
            db.execute("select sekisho.enter(%s)", (token,))
            assert db.execute(COUNT).fetchone() == (20,)
        for token in tokens:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="spent"):
                db.execute("select sekisho.enter(%s)", (token,))
