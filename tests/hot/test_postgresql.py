"""The small door with books and store on PostgreSQL: recorded, obeyed, witnessed once."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from doors import TABLE, Client, make_shop, serving
from postgres import fresh_database, listening
from sekisho.gate.decide import Ask

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]


def url_of(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts.get('port', 5432)}/{parts['dbname']}"


def test_decisions_reach_a_store_on_a_server(tmp_path: Path) -> None:
    with fresh_database() as store, fresh_database() as books:
        with psycopg.connect(store) as db:
            db.execute(TABLE)
            rows = [(n, f"N{n}", f"p{n}@x.example") for n in range(1, 41)]
            db.cursor().executemany("insert into customers values (%s, %s, %s)", rows)
        workspace = make_shop(tmp_path / "kites", 0, url_of(store), url_of(books))
        key, statuses = workspace.decisions.admit("web-shop"), []
        with serving(workspace.root) as address:

            def submit(first: int) -> None:
                client = Client(address, key)
                for n in range(first, first + 10):
                    status, _ = client.decide(
                        f"shop:customer:{n}", {"news": "give", "shipping": "object"}, f"k-{n % 5}-{n}"
                    )
                    statuses.append(status)

            threads = [threading.Thread(target=submit, args=(first,)) for first in (1, 1, 11, 21)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            asked = (
                b'{"person": "shop:customer:31", "method": "x", "decisions": [{"purpose": "news", "decision": "give"}]}'
            )
            _, answer = Client(address, key).post(asked, path="/decisions?wait=yes")
        assert statuses == [200] * 40
        assert (answer["obeyed"], answer["position"]) == (["shop"], 31)
        with workspace.store("shop").open(Ask("kites", "news", workspace.actor(), "a test")) as passage:
            assert {r[0] for r in passage.run("select id from customers").rows} == set(range(1, 32))
        workspace.keep()
        assert workspace.log.count_by(kind="consent-decision") == 61
        assert not (workspace.settings.books / "books.db").exists()
