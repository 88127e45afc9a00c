"""The small door on a folder: a shop of kites, the real server, and a client that keeps its connection."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sekisho.app.wire import Workspace

POLICY = """---
policy: Kite shop
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: A. Kite, title: Owner}
controller: {name: Kite shop, email: privacy@kites.example}
law: eu-gdpr
timezone: Asia/Tokyo
---

# Customers {#customers of=customer}

```promise
subject: customer
```

- We send what you bought. {#shipping}

```promise
purpose: shipping
uses: [name, contact.postal]
because: contract
```

- We write news to those who said yes. {#news}

```promise
purpose: news
uses: [name, contact.email]
because: consent
keep: until withdrawn
```

- We study what is bought, of those who said yes. {#study}

```promise
purpose: study
uses: [name]
because: consent
keep: until withdrawn
```
"""
MAP = """store: shop
engine: {engine}
tables:
  customers:
    subject: customer
    key: id
    columns: {{id: key, name: name, email: contact.email}}
logins:
  kites: {{purposes: [shipping, news, study]}}
  kites_witness: {{witness: true}}
"""
TABLE = "create table customers (id integer primary key, name text, email text)"


def make_shop(root: Path, people: int, url: str = "sqlite:///shop.db", books: str = "") -> Workspace:
    """Make a folder whose store, on SQLite unless it has an address, holds some people."""
    engine = url.partition(":")[0]
    (root / "map").mkdir(parents=True)
    (root / "policy.md").write_text(POLICY, encoding="utf-8")
    (root / "map" / "shop.yaml").write_text(MAP.format(engine=engine), encoding="utf-8")
    settings = f'[stores.shop]\nurl = "{url}"\n' + (f'[books]\nurl = "{books}"\n' if books else "")
    (root / "sekisho.toml").write_text(settings, encoding="utf-8")
    if engine == "sqlite":
        with closing(sqlite3.connect(root / "shop.db")) as db:
            db.execute(TABLE)
            rows = [(n, f"N{n}", f"p{n}@x.example") for n in range(1, people + 1)]
            db.executemany("insert into customers values (?, ?, ?)", rows)
            db.commit()
    workspace = Workspace(root)
    workspace.apply("shop")
    return workspace


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the door of a folder on a free port and yield its address; it is ended with Ctrl-C."""
    program = "from sekisho.cli.main import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "consent", "serve", "-C", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            while (found := re.search(r"http://127\.0\.0\.1:\d+", said)) is None:
                line = process.stdout.readline()
                assert line, f"the door ended: {said}"
                said += line
            wait(found.group(0))
            yield found.group(0)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def wait(address: str) -> None:
    for _ in range(300):
        try:
            status, _ = Client(address, "").get("/healthz")
        except OSError:
            threading.Event().wait(0.1)
        else:
            if status == 200:
                return
    raise AssertionError("the door does not answer")


class Client:
    """An application with its key."""

    _numbers = itertools.count()

    def __init__(self, address: str, key: str) -> None:
        parts = urlsplit(address)
        self._http = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._key = key

    def __del__(self) -> None:
        self._http.close()

    def get(self, path: str) -> tuple[int, Any]:
        return self._ask("GET", path, b"", {})

    def decide(self, person: str, decisions: dict[str, str], key: str = "", **more: object) -> tuple[int, Any]:
        chosen = [{"purpose": p, "decision": d} for p, d in decisions.items()]
        body = {"person": person, "method": "preferences", "decisions": chosen, **more}
        return self.post(json.dumps(body).encode(), key)

    def post(self, body: bytes, key: str = "", path: str = "/decisions", **headers: str) -> tuple[int, Any]:
        key = key or f"k-{next(self._numbers)}"
        return self._ask("POST", path, body, {"Idempotency-Key": key, **headers})

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        if self._key:
            headers = {"Authorization": f"Bearer {self._key}", **headers}
        self._http.request(method, path, body, headers)
        with self._http.getresponse() as answer:
            raw = answer.read()
            return answer.status, json.loads(raw) if raw.startswith((b"{", b"[")) else raw
