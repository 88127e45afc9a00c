"""Fault: default privileges of whoever applies give away more than the policy does."""

from __future__ import annotations

from collections.abc import Iterator

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

OPENED = """
do $$ begin create role shop_support login; exception when duplicate_object then null; end $$;
do $$ begin create role shop_reader_of_old; exception when duplicate_object then null; end $$;
alter default privileges grant all on tables to shop_support, shop_reader_of_old;
alter default privileges grant usage on schemas to shop_support, shop_reader_of_old;
alter default privileges grant execute on functions to shop_support, shop_reader_of_old;
alter default privileges grant all on sequences to shop_support, shop_reader_of_old;
"""


@pytest.fixture(scope="module")
def store() -> Iterator[PostgresStore]:
    with fresh_database("sekisho_defaults") as url:
        with psycopg.connect(url) as db:
            db.execute(OPENED)
            db.execute(SCHEMA)
        made = PostgresStore(url, rules(), KeyRing(), Notebook())
        made.apply(made.plan().digest)
        yield made


def test_what_a_login_has_on_a_view_is_what_the_policy_gives(store: PostgresStore) -> None:
    with psycopg.connect(store.url) as db:
        rows = db.execute(
            """
            select n.nspname, c.relname, x.privilege_type
            from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) x
            where n.nspname in ('support', 'shipping', 'shipping__role') and c.relkind = 'v'
              and x.grantee in ('shop_support'::regrole, 'shop_reader_of_old'::regrole)
            """
        ).fetchall()
    assert rows == [("support", "customers", "SELECT")]


@pytest.mark.parametrize(
    "statement",
    [
        "update support.customers set id = 5000 where id = 6",
        "delete from support.customers",
        "select * from public.customers",
        "select * from public.orders",
        "select * from shipping.customers",
        "select * from shipping__role.customers",
        "select * from sekisho.key",
        "select sekisho.close_store()",
        "select setval('sekisho.burn_0', 0)",
    ],
)
def test_a_login_does_no_more_than_the_policy_says(store: PostgresStore, statement: str) -> None:
    parts = {k: str(v) for k, v in conninfo_to_dict(store.url).items() if v is not None}
    with psycopg.connect(make_conninfo(**{**parts, "user": "shop_support"}), autocommit=True) as db:
        db.execute("select sekisho.enter(%s)", (store.issue(ask()).token,))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute(statement.encode())
