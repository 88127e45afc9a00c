"""Decisions with their proof: receipts of what was recorded, imports that are whole, once, and undo no later no."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sekisho.app.decisions import bring_in, look_up, receipts_of, signer
from sekisho.app.releases import publish
from sekisho.app.wire import Workspace
from sekisho.consent.book import Choices
from sekisho.consent.facts import Decision
from sekisho.consent.receipt import digest_of, verify
from sekisho.consent.rows import FIELDS
from sekisho.gate.decide import Ask
from sekisho.ground.errors import BadInput
from sekisho.people.model import Place

pytestmark = pytest.mark.unit

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
"""
MAP = """store: shop
engine: sqlite
tables:
  customers:
    subject: customer
    key: id
    columns: {id: key, name: name, email: contact.email}
logins:
  kites: {purposes: [shipping, news]}
"""
NEWS = "We write news to those who said yes."
GOOD = {
    "store": "shop",
    "class": "customer",
    "key": "1",
    "purpose": "news",
    "decision": "give",
    "at": "2026-11-20T10:00:00+09:00",
    "text": NEWS,
    "version": "2026-11-01",
    "language": "en",
    "method": "form",
}


@pytest.fixture
def kites(tmp_path: Path) -> Workspace:
    (tmp_path / "map").mkdir()
    (tmp_path / "policy.md").write_text(POLICY, encoding="utf-8")
    (tmp_path / "map" / "shop.yaml").write_text(MAP, encoding="utf-8")
    (tmp_path / "sekisho.toml").write_text('[stores.shop]\nurl = "sqlite:///shop.db"\n', encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.execute("create table customers (id integer primary key, name text, email text)")
        db.executemany(
            "insert into customers values (?, ?, ?)", [(n, f"N{n}", f"p{n}@x.example") for n in range(1, 51)]
        )
        db.commit()
    workspace = Workspace(tmp_path, lambda: datetime(2026, 12, 1, tzinfo=UTC))
    workspace.apply("shop")
    return workspace


def seen(workspace: Workspace, purpose: str = "news") -> set[int]:
    fresh = Workspace(workspace.root)
    fresh.keep()
    with fresh.store("shop").open(Ask("kites", purpose, fresh.actor(), "a test")) as passage:
        return {row[0] for row in passage.run("select id from customers").rows}


def lines(workspace: Workspace, *rows: dict[str, str]) -> Path:
    path = workspace.root / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


ONE = Place("shop", "customer", "1")


def test_each_decision_has_its_receipt(kites: Workspace) -> None:
    kites.decide(ONE, "news", Decision.GIVE)
    kites.decide(ONE, "shipping", Decision.OBJECT)
    kites.decide(ONE, "news", Decision.EXPIRE)
    found = receipts_of(kites, ONE)
    key = signer(kites).key
    assert [verify(r, key) for r in found] == ["", "", ""]
    states = [r["receipt"]["dpv:hasProcess"][0]["dpv:hasConsentStatus"][0]["@type"] for r in found]  # type: ignore[index]
    assert states == ["dpv:ConsentGiven", "sekisho:Objected", "dpv:ConsentExpired"]
    assert receipts_of(kites, ONE) == found, "a receipt is the same whenever it is asked for"
    assert len(receipts_of(kites, ONE, "shipping")) == 1
    with pytest.raises(BadInput, match="nobody is known"):
        receipts_of(kites, Place("shop", "customer", "2"))


def test_objecting_ends_a_use_and_expiry_a_yes(kites: Workspace) -> None:
    kites.decide(ONE, "news", Decision.GIVE)
    kites.decide(ONE, "shipping", Decision.OBJECT)
    assert 1 in seen(kites)
    assert 1 not in seen(kites, "shipping")
    kites.decide(ONE, "news", Decision.EXPIRE)
    assert seen(kites) == set()


def test_the_same_request_counts_once_and_another_under_its_key_is_refused(kites: Workspace) -> None:
    kites.decide(ONE, "news", Decision.GIVE, key="k-1")
    kites.decide(ONE, "news", Decision.GIVE, key="k-1")
    with pytest.raises(BadInput, match="used for another request"):
        kites.decide(ONE, "news", Decision.WITHDRAW, key="k-1")
    assert kites.consents.changes(0)[0] == 1


@pytest.mark.parametrize("other", [False, True])
def test_twenty_at_once_under_one_key_are_one(kites: Workspace, other: bool) -> None:
    choices = Choices(
        ("shop", "customer", "1"),
        (kites.shown.choose("news", Decision.GIVE),),
        "2026-11-01",
        "en",
        "form",
        kites.clock(),
        key="k-1",
    )
    start, found = threading.Barrier(20), []

    def submit(n: int) -> None:
        mine = replace(choices, method="paper") if other and n % 2 else choices
        start.wait()
        found.extend(Workspace(kites.root).decisions.take([("shop", mine)]))

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(not t.again and not t.trouble for t in found) == 1
    assert sum(bool(t.trouble) for t in found) == (10 if other else 0)
    assert len({(t.person, t.first) for t in found if not t.trouble}) == 1
    assert kites.consents.changes(0)[0] == 1


def test_one_key_of_two_clients_is_two(kites: Workspace) -> None:
    choices = Choices(
        ("shop", "customer", "1"),
        (kites.shown.choose("news", Decision.GIVE),),
        "2026-11-01",
        "en",
        "form",
        kites.clock(),
        key="k-1",
    )
    first, second = kites.decisions.take([("shop", choices), ("app", choices)])
    assert (first.again, second.again) == (False, False)
    stranger = kites.decisions.take([("shop", replace(choices, who="0" * 32, key="k-2"))])
    assert "nobody" in stranger[0].trouble


def test_an_import_is_obeyed_and_its_receipt_holds_its_words(kites: Workspace) -> None:
    rows = [GOOD | {"key": str(n)} for n in range(1, 41)] + [GOOD | {"key": "41", "decision": "refuse"}]
    done: list[tuple[int, int]] = []
    found = bring_in(kites, lines(kites, *rows), told=lambda *count: done.append(count))
    assert (found.fresh, found.again, found.overtaken, found.wrong) == (41, 0, (), ())
    assert done[-1] == (41, 41)
    assert seen(kites) == set(range(1, 41))
    (one,) = receipts_of(kites, ONE)
    assert verify(one, signer(kites).key, NEWS) == ""
    assert one["receipt"]["dct:created"] == "2026-11-20T01:00:00+00:00"  # type: ignore[index]


def test_an_import_again_records_nothing(kites: Workspace) -> None:
    path = lines(kites, GOOD, GOOD | {"key": "2"})
    bring_in(kites, path)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps(GOOD | {"key": "3"}))
    found = bring_in(kites, path)
    assert (found.fresh, found.again) == (1, 2)
    assert kites.log.count_by(kind="consent-decision") == 3


def test_a_later_no_is_not_undone_by_an_older_yes(kites: Workspace) -> None:
    kites.decide(ONE, "news", Decision.WITHDRAW)
    found = bring_in(kites, lines(kites, GOOD | {"key": "2"}, GOOD))
    assert (found.fresh, found.overtaken) == (1, (2,))
    assert seen(kites) == {2}


def test_within_a_file_the_instants_say_the_order(kites: Workspace) -> None:
    later = GOOD | {"decision": "withdraw", "at": "2026-11-21T10:00:00+09:00"}
    bring_in(kites, lines(kites, later, GOOD))
    assert seen(kites) == set()


def test_one_wrong_line_records_none(kites: Workspace) -> None:
    rows = [
        GOOD,
        GOOD | {"store": "shp"},
        GOOD | {"class": "client"},
        GOOD | {"key": "99"},
        GOOD | {"at": "2027-01-01T00:00:00Z"},
        GOOD | {"method": ""},
    ]
    found = bring_in(kites, lines(kites, *rows))
    assert [(w.line, w.says) for w in found.wrong] == [
        (2, "`shp` is not a store of these settings"),
        (3, "`client` is not a class of people in store `shop`"),
        (4, "store `shop` has no row of this person"),
        (5, "`at` lies in the future"),
        (6, "`method` is missing, or is not a field"),
    ]
    assert kites.consents.changes(0)[0] == 0
    assert kites.people.person(ONE) is None


def test_a_dry_run_records_nothing(kites: Workspace) -> None:
    found = bring_in(kites, lines(kites, GOOD, GOOD | {"key": "2"}), dry=True)
    assert (found.fresh, found.wrong) == (2, ())
    assert kites.consents.changes(0)[0] == 0


def test_people_to_come_are_taken_where_that_is_said(kites: Workspace) -> None:
    found = bring_in(kites, lines(kites, GOOD | {"key": "99"}), new=True)
    assert found.fresh == 1
    with closing(sqlite3.connect(kites.root / "shop.db")) as db:
        db.execute("insert into customers (id, name, email) values (99, 'N99', 'p99@x.example')")
        db.commit()
    assert seen(kites) == {99}


def test_words_of_another_system_are_kept_by_their_hash(kites: Workspace) -> None:
    path = kites.root / "old.csv"
    row = GOOD | {"text": "May we write to you?", "version": "old-shop-3"}
    quoted = ",".join('"' + row.get(f, "") + '"' for f in FIELDS)
    path.write_text(",".join(FIELDS) + "\n" + quoted + "\n", encoding="utf-8")
    assert bring_in(kites, path).fresh == 1
    assert seen(kites) == {1}
    with pytest.raises(BadInput, match="what version old-shop-3 said of `news` is not kept here"):
        receipts_of(kites, ONE)


def test_a_version_that_was_published_speaks_for_its_decisions(kites: Workspace) -> None:
    publish(kites)
    kites.decide(ONE, "news", Decision.GIVE)
    text = POLICY.replace("2026-11-01", "2026-12-01").replace("We write news", "We send a letter")
    (kites.root / "policy.md").write_text(text, encoding="utf-8")
    fresh = Workspace(kites.root)
    (one,) = receipts_of(fresh, ONE)
    assert digest_of(one["receipt"]) == kites.shown.texts["news", "en"]  # type: ignore[arg-type]
    assert bring_in(fresh, lines(fresh, GOOD | {"key": "2"})).fresh == 1


def test_whether_a_row_exists_is_looked_up_or_unknown(kites: Workspace) -> None:
    assert look_up(kites, ONE) is True
    assert look_up(kites, Place("shop", "customer", "99")) is False
    kites.decide(Place("shop", "customer", "98"), "news", Decision.GIVE)
    assert look_up(kites, Place("shop", "customer", "98")) is True, "who is known in the books may decide again"
    (kites.root / "shop.db").rename(kites.root / "away.db")
    assert look_up(kites, Place("shop", "customer", "99")) is None
