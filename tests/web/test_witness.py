"""The evidence on pages: each permit and reading is there, handles stay here, receipts hold or say why not."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.app.wire import Workspace
from sekisho.evidence import note as notes
from served import Browse

pytestmark = pytest.mark.unit

ELSEWHERE = {"x-forwarded-for": "203.0.113.9"}


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r'<th scope="row" class="n"><a href="/en/evidence/(\d+)">', text)]


def test_each_permit_and_reading_is_there(client: Client) -> None:
    text = client.get("/en/evidence").content.decode()
    for row in (r"permit</td><td>.*#support", r"reading</td><td>.*#support", r"refusal</span></td><td>.*#support"):
        assert re.search(row, text), row
    assert "3 rows" in text


def test_entries_are_newest_first_and_paged(client: Client, studio: Path) -> None:
    size = Workspace(studio).log.size
    text = client.get("/en/evidence").content.decode()
    first = numbers(text)
    assert first == list(range(size - 1, size - 51, -1))
    older = re.search(r'rel="next" href="([^"]+)"', text)
    assert older is not None
    assert numbers(client.get(older[1]).content.decode())[0] == first[-1] - 1
    assert numbers(client.get("/en/evidence?before=3").content.decode()) == [2, 1, 0]


def test_kind_and_clause_choose(client: Client, studio: Path) -> None:
    log = Workspace(studio).log
    text = client.get("/en/evidence?kind=permit-issued&clause=support").content.decode()
    assert len(numbers(text)) == log.count_by("permit-issued", "support")
    assert "There is no such entry" in client.get("/en/evidence?kind=drill-run").content.decode()


@pytest.mark.parametrize(
    "query", ["kind=%00", "kind='--", "before=x", "before=" + "9" * 30, "clause=%F0", "before=-5", "kind=nothing"]
)
def test_a_strange_question_is_answered_with_everything(client: Client, query: str) -> None:
    assert client.get(f"/en/evidence?{query}").status_code == 200


def test_handles_are_shown_to_nobody_elsewhere(client: Client, studio: Path) -> None:
    workspace = Workspace(studio)
    (decision,) = workspace.log.latest(1, kind="consent-decision")
    assert decision.entry is not None
    handle, actor = str(decision.entry.fields["person"]), workspace.actor()
    here = client.get(f"/en/evidence/{decision.seq}").content.decode()
    assert handle in here
    for address in ("/en/evidence", f"/en/evidence/{decision.seq}", f"/evidence/{decision.seq}/receipt.json"):
        text = client.get(address, headers=ELSEWHERE).content.decode()
        assert handle[:8] not in text
        assert actor[:8] not in text


def test_a_dropped_body_is_said_and_its_receipt_still_holds(browse: Browse, copy: Path) -> None:
    workspace = Workspace(copy)
    at = workspace.clock() + timedelta(days=1)
    assert workspace.log.expire(at, at) > 0
    workspace.log.checkpoint(workspace.signer)
    client = browse(copy)
    assert "body dropped" in client.get("/en/evidence?before=5").content.decode()
    assert "was dropped as its promise says" in client.get("/en/evidence/4").content.decode()
    assert "It holds" in client.post("/en/verify", {"receipt": receipt(client, 4).decode()}).content.decode()


def test_no_page_of_evidence_holds_personal_data(client: Client, studio: Path) -> None:
    import sqlite3

    with sqlite3.connect(studio / "shop.db") as db:
        people = db.execute("select name, email, phone, address from customers limit 40").fetchall()
    text = "".join(client.get(f"/en/evidence?before={n}").content.decode() for n in (10, 60, 10_000))
    for row in people:
        for value in row:
            assert not value or value not in text


def receipt(client: Client, seq: int, **headers: str) -> bytes:
    answer = client.get(f"/evidence/{seq}/receipt.json", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="receipt-{seq}.json"'
    return bytes(answer.content)


def test_a_receipt_holds_pasted_or_uploaded(client: Client) -> None:
    made = receipt(client, 5)
    pasted = client.post("/en/verify", {"receipt": made.decode()})
    assert "It holds" in pasted.content.decode()
    uploaded = client.post("/ja/verify", {"file": SimpleUploadedFile("r.json", made)})
    assert "正しい受領証です" in uploaded.content.decode()
    without = client.post("/en/verify", {"receipt": receipt(client, 5, **ELSEWHERE).decode()}).content.decode()
    assert "It holds" in without
    assert "has no body" in without


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("body", '{"kind":"reading"}', "the body is not what was recorded"),
        ("leaf", "00" * 32, "the proof does not lead to the checkpoint&#x27;s root"),
        ("seq", 6, "the proof does not lead to the checkpoint&#x27;s root"),
        ("checkpoint", "other\n1\nAAAA\n", "this is not a receipt"),
        ("checkpoint", 5, "this is not a receipt"),
        ("salt", "xyz", "this is not a receipt"),
        ("proof", ["zz"], "this is not a receipt"),
        ("seq", 1e999, "this is not a receipt"),
    ],
)
def test_a_receipt_that_does_not_hold_says_why(client: Client, field: str, value: object, says: str) -> None:
    made = {**json.loads(receipt(client, 5)), field: value}
    answer = client.post("/en/verify", {"receipt": json.dumps(made)})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "It does not hold" in text
    assert says in text


def test_another_logs_receipt_does_not_hold(client: Client) -> None:
    made = json.loads(receipt(client, 5))
    point = notes.Checkpoint.parse(made["checkpoint"])
    other = notes.Signer(point.origin, bytes(range(32)))
    made["checkpoint"] = notes.signed(point.text, other.sign(point.text))
    text = client.post("/en/verify", {"receipt": json.dumps(made)}).content.decode()
    assert "the checkpoint is not signed with this key" in text


def test_nothing_and_too_much_are_said(client: Client) -> None:
    assert "nothing was pasted or chosen" in client.post("/en/verify", {}).content.decode()
    assert client.post("/en/verify", {"receipt": "x" * 130_000}).status_code == 400
    assert client.post("/en/verify", {"receipt": "x" * 300_000}).status_code in (400, 413)


def test_what_was_pasted_comes_back_as_text(client: Client) -> None:
    text = client.post("/en/verify", {"receipt": "</textarea><script>alert(1)</script>"}).content.decode()
    assert "<script" not in text
    assert "&lt;/textarea&gt;" in text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda c: (
                st.lists(c, max_size=4)
                | st.dictionaries(st.sampled_from(["seq", "leaf", "proof", "checkpoint", "body", "salt"]), c)
            ),
            max_leaves=12,
        ),
    )
)
def test_anything_at_all_is_answered(client: Client, pasted: object) -> None:
    text = pasted if isinstance(pasted, str) else json.dumps(pasted)
    assert client.post("/verify", {"receipt": text}).status_code == 400
