"""A kite shop that writes to its customers: policy, a SQLite store, people, and a mail server in its settings."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sekisho.app.wire import Workspace
from sekisho.people.model import Place

POLICY = """---
policy: Kite shop
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: A. Kite, title: Owner}
controller: {name: Kite shop}
law: eu-gdpr
timezone: Asia/Tokyo
---

# Customers {#customers of=customer}

```promise
- subject: customer
- minors: children
  under: 16
  who: guardian
```

- We **send** what you [bought](https://kites.example). {#shipping}

```promise
purpose: shipping
uses: [name, contact.postal]
because: contract
keep: 1 year after last order
```

- We answer what you ask. {#support}

```promise
purpose: support
uses: [name, contact.email]
because: contract
keep: 1 year after last order
```

- We write news to those who said yes. {#news}

```promise
purpose: news
uses: [name, contact.email]
because: consent
keep: until withdrawn
```

# Messages {#messages of=customer}

- News can be stopped with one click. {#news-mail}

```promise
mail: news-letters
for: [news]
stop: one-click
clear: no
```
"""
MAP = """store: shop
engine: sqlite
tables:
  customers:
    subject: customer
    key: id
    age: born
    columns: {id: key, name: name, email: contact.email, address: contact.postal, born: birth.date,
      ordered: plain}
anchors:
  last order: max(customers.ordered)
logins:
  kites: {purposes: [shipping, news]}
"""
CHILD = "3"
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def later(self, **span: float) -> None:
        self.at += timedelta(**span)


def make_shop(root: Path, port: int, tls: str = "none", more: str = "") -> Path:
    """Make the folder, its store applied, three customers in it, the third of them a child."""
    (root / "map").mkdir(parents=True)
    (root / "policy.md").write_text(POLICY, encoding="utf-8")
    (root / "map" / "shop.yaml").write_text(MAP, encoding="utf-8")
    (root / "sekisho.toml").write_text(
        '[stores.shop]\nurl = "sqlite:///shop.db"\n' + mail_table(port, tls) + more, encoding="utf-8"
    )
    with closing(sqlite3.connect(root / "shop.db")) as db:
        db.execute(
            "create table customers (id integer primary key, name text, email text, address text, born text, "
            "ordered text)"
        )
        born = ("1980-05-01", "1990-05-01", "2015-05-01")
        db.executemany(
            "insert into customers values (?, ?, ?, ?, ?, null)",
            [(n, f"Name {n}", f"p{n}@example.jp", f"Street {n}", born[n - 1]) for n in (1, 2, 3)],
        )
        db.commit()
    workspace = Workspace(root)
    workspace.apply("shop")
    workspace.people.register("shop", "customer", ["1", "2", "3"])
    return root


def mail_table(port: int, tls: str = "none") -> str:
    return (
        f'[mail]\nhost = "127.0.0.1"\nport = {port}\ntls = "{tls}"\n'
        'from = "Kite shop <privacy@kites.example>"\nreply-to = "desk@kites.example"\n'
        'timeout = 30\nlinks = "https://privacy.kites.example"\n'
    )


def person(workspace: Workspace, key: str = "1") -> str:
    """Return the id of a customer."""
    found = workspace.people.person(Place("shop", "customer", key))
    assert found is not None
    return found.id
