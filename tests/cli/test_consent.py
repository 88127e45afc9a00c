"""Recording a decision: obeyed from the next statement on, and what does not exist is answered with what does."""

from __future__ import annotations

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
    assert "nobody was known under this key before" in given.err
    assert "aoi@example.jp" in news(sekisho, shop)
    assert "before" not in sekisho("consent", "withdraw", *person).err
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
    assert "'give', 'refuse', 'withdraw'" in done.err


def test_a_store_that_is_away_follows_when_it_is_back(sekisho: Sekisho, shop: Path) -> None:
    (shop / "shop.db").rename(shop / "away.db")
    done = sekisho("consent", "give", "--person", "shop:customer:1", "--purpose", "news", "-C", shop)
    assert done.code == 0
    assert "obeyed from the next statement on in: no store" in done.out
    assert "follows when it is back: shop" in done.out
    (shop / "away.db").rename(shop / "shop.db")
    assert "aoi@example.jp" in news(sekisho, shop)
