"""Recording a decision: obeyed from the next statement on, and what does not exist is answered with what does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sekisho.app.wire import Workspace
from terminal import Sekisho

pytestmark = pytest.mark.unit


def news(sekisho: Sekisho, shop: Path) -> str:
    stated = ("--purpose", "news", "--reason", "December")
    return sekisho("gate", "shell", "shop", "-C", shop, *stated, "-c", "select email from customers").out


def test_a_yes_opens_and_a_withdrawal_closes(sekisho: Sekisho, shop: Path) -> None:
    person = ("--person", "shop:customer:1", "--purpose", "news", "-C", shop)
    assert "(0 rows)" in news(sekisho, shop)
    given = sekisho("consent", "give", *person)
    assert given.code == 0
    assert "obeyed from the next statement on in: shop" in given.out
    assert given.err == ""
    assert "aoi@example.jp" in news(sekisho, shop)
    assert sekisho("consent", "withdraw", *person).code == 0
    assert "(0 rows)" in news(sekisho, shop)


def test_a_guardian_is_recorded_as_one(sekisho: Sekisho, shop: Path) -> None:
    sekisho("consent", "give", "--person", "shop:customer:2", "--purpose", "news", "--guardian", "-C", shop)
    ((fact,),) = Workspace(shop).consents.by_person().values()
    assert fact.by == "guardian"


@pytest.mark.parametrize(
    ("person", "purpose", "says", "help"),
    [
        ("shop:customer:1", "newss", "`newss` is not a purpose that people decide about", "use one of: shipping, news"),
        ("shop:customer:1", "migration", "`migration` is not a purpose that people decide about", "shipping"),
        ("shp:customer:1", "news", "`shp` is not a store of these settings", "use one of: shop"),
        ("shop:client:1", "news", "`client` is not a class of people in store `shop`", "use one of: customer"),
        ("shop:customer", "news", "this does not name a person", "store:class:key"),
        ("::", "news", "this does not name a person", "store:class:key"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(
    sekisho: Sekisho, shop: Path, person: str, purpose: str, says: str, help: str
) -> None:
    done = sekisho("consent", "give", "--person", person, "--purpose", purpose, "-C", shop)
    assert done.code == 2
    assert says in done.err
    assert help in done.err
    assert Workspace(shop).log.count_by(kind="consent-decision") == 0


def test_a_decision_that_is_none_is_answered_with_the_decisions(sekisho: Sekisho, shop: Path) -> None:
    done = sekisho("consent", "maybe", "--person", "shop:customer:1", "--purpose", "news", "-C", shop)
    assert done.code == 2
    assert "`maybe` is not one of 'give', 'refuse', 'withdraw', 'object', 'expire'" in done.err


def test_a_store_that_is_away_follows_when_it_is_back(sekisho: Sekisho, shop: Path) -> None:
    (shop / "shop.db").rename(shop / "away.db")
    done = sekisho("consent", "give", "--person", "shop:customer:1", "--purpose", "news", "-C", shop)
    assert done.code == 0
    assert "obeyed from the next statement on in: no store" in done.out
    assert "follows when it is back: shop" in done.out
    assert "cannot be asked whether this person has a row" in done.err
    (shop / "away.db").rename(shop / "shop.db")
    assert "aoi@example.jp" in news(sekisho, shop)


def test_a_key_that_no_row_has_is_refused_unless_it_is_to_come(sekisho: Sekisho, shop: Path) -> None:
    words = ("consent", "give", "--person", "shop:customer:99", "--purpose", "news", "-C", shop)
    done = sekisho(*words)
    assert done.code == 2
    assert "store `shop` has no row of this person" in done.err
    assert "--new" in done.err
    assert "99" not in done.err
    assert sekisho(*words, "--new").code == 0
    assert sekisho(*words).code == 0, "who is known decides again"


def test_an_idempotency_key_is_for_one_request(sekisho: Sekisho, shop: Path) -> None:
    words = ("--person", "shop:customer:1", "--purpose", "news", "--key", "k-1", "-C", shop)
    assert sekisho("consent", "give", *words).code == 0
    assert sekisho("consent", "give", *words).code == 0
    clash = sekisho("consent", "withdraw", *words)
    assert clash.code == 2
    assert "used for another request" in clash.err
    assert Workspace(shop).log.count_by(kind="consent-decision") == 1


def test_a_receipt_is_printed_and_checked_offline(sekisho: Sekisho, shop: Path, tmp_path: Path) -> None:
    person = ("--person", "shop:customer:1", "-C", shop)
    assert "nobody is known" in sekisho("consent", "receipt", *person).err
    sekisho("consent", "give", *person, "--purpose", "news")
    sekisho("consent", "withdraw", *person, "--purpose", "news")
    key = sekisho("consent", "key", "-C", shop).out.strip()
    printed = sekisho("consent", "receipt", *person)
    assert "ConsentWithdrawn" in printed.out
    receipt = tmp_path / "receipt.json"
    receipt.write_text(printed.out, encoding="utf-8")
    assert "the receipt holds" in sekisho("consent", "verify-receipt", receipt, "--key", key).out
    receipt.write_text(printed.out.replace("ConsentWithdrawn", "ConsentGiven"), encoding="utf-8")
    changed = sekisho("consent", "verify-receipt", receipt, "--key", key)
    assert changed.code == 5
    assert "was changed" in changed.err
    receipt.write_text("no receipt", encoding="utf-8")
    assert sekisho("consent", "verify-receipt", receipt, "--key", key).code == 2
    every = sekisho("consent", "receipt", *person, "--all").out.splitlines()
    assert [json.loads(line)["receipt"]["@type"] for line in every] == 2 * ["dpv:ConsentReceipt"]
    assert "no decision" in sekisho("consent", "receipt", *person, "--purpose", "shipping").err


def test_a_receipt_names_the_words_that_were_shown(sekisho: Sekisho, shop: Path, tmp_path: Path) -> None:
    person = ("--person", "shop:customer:1", "-C", shop)
    sekisho("consent", "give", *person, "--purpose", "news")
    receipt, words = tmp_path / "receipt.json", tmp_path / "words.txt"
    receipt.write_text(sekisho("consent", "receipt", *person).out, encoding="utf-8")
    notice = json.loads(receipt.read_text())["receipt"]["dpv:hasProcess"][0]["dpv:hasConsentStatus"][0]["dpv:hasNotice"]
    words.write_text(notice["dct:description"] + "\n", encoding="utf-8")
    asked = ("consent", "verify-receipt", receipt, "--key", sekisho("consent", "key", "-C", shop).out.strip())
    assert sekisho(*asked, "--text", words).code == 0
    words.write_text("other words", encoding="utf-8")
    assert "not the words that were shown" in sekisho(*asked, "--text", words).err


def row(key: str, **more: str) -> str:
    fields = {"store": "shop", "class": "customer", "key": key, "purpose": "news", "decision": "give"}
    fields |= {"at": "2026-11-20T10:00:00Z", "text": "May we write?", "version": "paper-1", "language": "en"}
    return json.dumps(fields | {"method": "paper"} | more)


def test_a_file_is_imported_whole_or_not_at_all(sekisho: Sekisho, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "old.jsonl"
    file.write_text(f"{row('1')}\n{row('77')}\n{row('2', at='yesterday')}\n", encoding="utf-8")
    bad = sekisho("consent", "import", file, "-C", shop)
    assert bad.code == 2
    assert "old.jsonl:2: store `shop` has no row of this person" in bad.err
    assert "old.jsonl:3: `at` is no instant" in bad.err
    assert "2 lines are wrong, so nothing was recorded" in bad.err
    assert "77" not in bad.err
    file.write_text(f"{row('1')}\n{row('2')}\n", encoding="utf-8")
    assert "2 rows are right; nothing was recorded" in sekisho("consent", "import", file, "--dry-run", "-C", shop).out
    assert "(0 rows)" in news(sekisho, shop)
    assert "2 decisions recorded; obeyed in: shop" in sekisho("consent", "import", file, "-C", shop).out
    assert "aoi@example.jp" in news(sekisho, shop)
    again = sekisho("consent", "import", file, "-C", shop).out
    assert "0 decisions recorded" in again
    assert "2 rows had been imported before" in again


def test_what_a_later_decision_has_overtaken_is_told(sekisho: Sekisho, shop: Path, tmp_path: Path) -> None:
    sekisho("consent", "withdraw", "--person", "shop:customer:1", "--purpose", "news", "-C", shop)
    file = tmp_path / "old.jsonl"
    file.write_text(row("1"), encoding="utf-8")
    assert "1 left out" in sekisho("consent", "import", file, "-C", shop).out
    assert "(0 rows)" in news(sekisho, shop)


def test_a_client_has_a_key_that_is_shown_once(sekisho: Sekisho, shop: Path) -> None:
    assert "no application" in sekisho("consent", "client", "list", "-C", shop).out
    key = sekisho("consent", "client", "add", "web-shop", "-C", shop).out.strip()
    assert key.startswith("sekisho_")
    assert all(key.encode() not in f.read_bytes() for f in (shop / "books").rglob("*") if f.is_file())
    assert "already" in sekisho("consent", "client", "add", "web-shop", "-C", shop).err
    assert "small letters" in sekisho("consent", "client", "add", "Web Shop", "-C", shop).err
    assert [c["name"] for c in json.loads(sekisho("consent", "client", "list", "--json", "-C", shop).out)] == [
        "web-shop"
    ]
    assert "use one of: web-shop" in sekisho("consent", "client", "remove", "app", "-C", shop).err
    assert sekisho("consent", "client", "remove", "web-shop", "-C", shop).code == 0
    assert sekisho("consent", "client", "list", "--json", "-C", shop).out.strip() == "[]"
