"""The example of docs/client.md, run as it stands against a server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from postgres import fresh_database, listening
from sekisho.adapters.clients.service import make_service, write_service
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.datamap.model import Login
from studio import ACTOR, SCHEMA, KeyRing, Notebook, rules

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as address:
        with psycopg.connect(address) as db:
            db.execute(SCHEMA)
        yield address


def test_the_example_runs_as_it_stands(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logins = (Login("shop_support", ("support",)), Login("shop_witness", witness=True))
    store = PostgresStore(url, rules(logins=logins), KeyRing(), Notebook())
    store.apply()
    login = next(i for i in store.rules.logins if i.name == "shop_support")
    write_service(tmp_path / "shop.key", make_service(store.rules, login, store.keys.key("shop", login.name), ACTOR))
    parts = conninfo_to_dict(url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGHOST", str(parts["host"]))
    monkeypatch.setenv("PGPORT", str(parts["port"]))
    code = EXAMPLE.replace("dbname=shop", f"dbname={parts['dbname']}")
    names: dict[str, object] = {}
    try:
        exec(compile(code, "client.md", "exec"), names)
        assert names["row"] == ("Name 7", "p7@example.jp")
        store.carry()
        assert isinstance(store.witness, Notebook)
        assert store.witness.kinds() == ["permit-issued", "readings"]
    finally:
        names["gate"].close()  # type: ignore[attr-defined]  # the example's own
