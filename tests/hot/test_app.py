"""The small door on its real server: durable and once, obeyed within a second, closed to whoever has no key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from doors import Client, make_shop, serving
from sekisho.app.wire import Workspace
from sekisho.gate.decide import Ask

PLENTY = 200


class Shop:
    """A folder, its door, and a client's key."""

    def __init__(self, workspace: Workspace, address: str, key: str) -> None:
        self.workspace, self.address, self.key = workspace, address, key

    def client(self, key: str | None = None) -> Client:
        return Client(self.address, self.key if key is None else key)

    def seen(self, purpose: str = "news") -> set[int]:
        ask = Ask("kites", purpose, self.workspace.actor(), "a test")
        with self.workspace.store("shop").open(ask) as passage:
            return {row[0] for row in passage.run("select id from customers").rows}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    workspace = make_shop(tmp_path_factory.mktemp("hot") / "kites", PLENTY)
    key = workspace.decisions.admit("web-shop")
    with serving(workspace.root) as address:
        yield Shop(workspace, address, key)


def person(n: int) -> str:
    return f"shop:customer:{n}"


def test_a_decision_is_durable_and_obeyed_when_one_waits(shop: Shop) -> None:
    client = shop.client()
    status, answer = client.post(
        json.dumps(
            {
                "person": person(1),
                "method": "preferences",
                "decisions": [{"purpose": p, "decision": d} for p, d in (("news", "give"), ("shipping", "object"))],
            }
        ).encode(),
        path="/decisions?wait=yes",
    )
    assert (status, answer["obeyed"], answer["waiting"]) == (200, ["shop"], [])
    assert 1 in shop.seen()
    assert 1 not in shop.seen("shipping")
    facts = dict(shop.workspace.consents.numbered(answer["person"]))
    assert sorted(facts) == list(range(answer["facts"][0], answer["facts"][1] + 1))
    assert {f.method for f in facts.values()} == {"preferences"}
    body = json.dumps(
        {"person": answer["person"], "method": "x", "decisions": [{"purpose": "news", "decision": "withdraw"}]}
    )
    assert client.post(body.encode(), path="/decisions?wait=yes")[0] == 200
    assert 1 not in shop.seen()


def test_the_words_that_are_shown_are_told_and_a_yes_to_others_is_none(shop: Shop) -> None:
    client = shop.client()
    status, told = client.get("/purposes")
    (news,) = [p for p in told["purposes"] if p["purpose"] == "news"]
    assert (status, news["words"]) == (200, "We write news to those who said yes.")
    body = {
        "person": person(2),
        "method": "form",
        "decisions": [{"purpose": "news", "decision": "give", "text": news["text"]}],
    }
    assert client.post(json.dumps(body).encode())[0] == 200
    body["decisions"][0]["text"] = "0" * 64  # type: ignore[index]
    status, problem = client.post(json.dumps(body).encode())
    assert (status, problem["status"]) == (422, 422)
    assert "is not what version 2026-11-01 says" in problem["title"]


def test_the_same_request_counts_once(shop: Shop) -> None:
    start, found = threading.Barrier(20), []

    def submit(n: int) -> None:
        client = shop.client()
        start.wait()
        found.append(client.decide(person(3), {"news": "give"}, "once", method="form" if n % 4 else "paper"))

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(status for status, _ in found)
    assert statuses in ([200] * 15 + [409] * 5, [200] * 5 + [409] * 15)
    answers = [answer for status, answer in found if status == 200]
    assert len({(a["person"], *a["facts"]) for a in answers}) == 1
    assert [a["again"] for a in answers].count(False) == 1
    assert len(shop.workspace.consents.numbered(answers[0]["person"])) == 1


def test_many_at_once_are_each_recorded(shop: Shop) -> None:
    found: list[tuple[int, int]] = []

    def submit(first: int) -> None:
        client = shop.client()
        for n in range(first, first + 10):
            status, answer = client.decide(person(n), {"news": "give", "study": "refuse", "shipping": "give"})
            found.append((status, answer["facts"][1] - answer["facts"][0]))

    threads = [threading.Thread(target=submit, args=(first,)) for first in range(20, 180, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(200, 2)] * 160
    assert shop.client().post(body_of(199), path="/decisions?wait=yes")[1]["waiting"] == []
    assert shop.seen() >= set(range(20, 180))


def body_of(n: int) -> bytes:
    decisions = [{"purpose": "news", "decision": "give"}]
    return json.dumps({"person": person(n), "method": "form", "decisions": decisions}).encode()


@pytest.mark.parametrize("key", ["", "sekisho_" + "0" * 64, "é"])
def test_without_a_key_nothing_is_taken(shop: Shop, key: str) -> None:
    client = shop.client(key.encode().decode("latin-1"))
    before = shop.workspace.consents.position()
    for status, problem in (client.post(body_of(1)), client.get("/purposes")):
        assert (status, problem["title"]) == (401, "this key opens nothing")
    assert shop.workspace.consents.position() == before


def test_a_key_that_was_taken_away_opens_nothing_within_a_second(shop: Shop) -> None:
    key = shop.workspace.decisions.admit("brief")
    client = shop.client(key)
    assert until(lambda: client.post(body_of(5))[0], 200)
    shop.workspace.decisions.dismiss("brief")
    assert until(lambda: client.post(body_of(5))[0], 401)


def until(ask: object, wanted: int) -> bool:
    for _ in range(60):
        if ask() == wanted:  # type: ignore[operator]
            return True
        threading.Event().wait(0.1)
    return False


GOOD = json.loads(body_of(6))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 5000, 400),
        (b"\xff", 400),
        (b'{"person": "a:b:c"}', 400),
        (json.dumps(GOOD | {"colour": 1}).encode(), 400),
        (json.dumps(GOOD | {"decisions": [{"purpose": "news", "decision": "maybe"}]}).encode(), 400),
        (b'{"person": "shop:customer:\\ud800", "method": "x", "decisions": []}', 400),
        (json.dumps(GOOD | {"decisions": []}).encode(), 422),
        (json.dumps(GOOD | {"decisions": GOOD["decisions"] * 2}).encode(), 422),
        (json.dumps(GOOD | {"decisions": [{"purpose": "newss", "decision": "give"}]}).encode(), 422),
        (json.dumps(GOOD | {"person": "shp:customer:1"}).encode(), 422),
        (json.dumps(GOOD | {"person": "shop:client:1"}).encode(), 422),
        (json.dumps(GOOD | {"person": "shop:customer:\0"}).encode(), 422),
        (json.dumps(GOOD | {"person": "somebody"}).encode(), 422),
        (json.dumps(GOOD | {"person": "0" * 32}).encode(), 422),
        (json.dumps(GOOD | {"method": "by letter"}).encode(), 422),
        (json.dumps(GOOD | {"language": "xx"}).encode(), 422),
        (json.dumps(GOOD | {"by": "me"}).encode(), 422),
        (b" " * 70_000, 413),
    ],
)
def test_what_cannot_be_taken_is_a_problem_document(shop: Shop, body: bytes, status: int) -> None:
    before = shop.workspace.consents.position()
    found, problem = shop.client().post(body)
    assert (found, problem["status"]) == (status, status)
    assert problem["title"]
    assert shop.workspace.consents.position() == before


def test_a_request_without_an_idempotency_key_is_refused(shop: Shop) -> None:
    client = shop.client()
    status, problem = client._ask("POST", "/decisions", body_of(6), {})
    assert (status, problem["title"]) == (400, "there is no idempotency key")
    assert client.post(body_of(6), "with space")[0] == 422


def test_other_ways_and_methods_are_none(shop: Shop) -> None:
    assert shop.client().get("/decisions")[0] == 405
    assert shop.client().get("/people")[0] == 404


def test_what_was_taken_before_a_policy_changed_stays_and_new_words_are_asked(tmp_path: Path) -> None:
    workspace = make_shop(tmp_path / "kites", 5)
    key = workspace.decisions.admit("web-shop")
    with serving(workspace.root) as address:
        client = Client(address, key)
        old = client.get("/purposes")[1]["version"]
        text = (workspace.root / "policy.md").read_text(encoding="utf-8").replace("2026-11-01", "2026-11-02")
        (workspace.root / "policy.md").write_text(text, encoding="utf-8")
        assert until(lambda: client.get("/purposes")[1]["version"] != old, True)  # type: ignore[arg-type]
        (workspace.root / "policy.md").write_text("no policy", encoding="utf-8")
        threading.Event().wait(1.6)
        status, _ = client.decide(person(1), {"news": "withdraw"})
        assert status == 200, "people can withdraw also while somebody edits the policy"
