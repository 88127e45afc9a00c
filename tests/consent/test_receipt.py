"""Consent receipts: the golden one, every changed byte, the standalone verifier, nobody's name."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import CORPUS, compare
from kites import NEWS, policy
from sekisho.consent.book import Choices, shown
from sekisho.consent.facts import Decision, Fact
from sekisho.consent.receipt import STATES, digest_of, is_of, receipt, sign, verify
from sekisho.evidence.note import Key, Signer
from sekisho.ground.errors import BadInput

pytestmark = pytest.mark.unit

SIGNER = Signer("consent", b"k" * 32)
POLICY = policy()
PERSON = "0" * 31 + "7"
AT = datetime(2026, 12, 1, 9, 12, tzinfo=UTC)
TOOL = Path(__file__).resolve().parents[2] / "tools" / "verify_receipt.py"


def fact(decision: Decision = Decision.GIVE, by: str = "self") -> Fact:
    choice = shown(POLICY).choose("news", decision)
    return Choices(PERSON, (choice,), "2026-11-01", "ja", "preferences", AT, by).facts(PERSON)[0]


def signed(decision: Decision = Decision.GIVE) -> dict[str, object]:
    return sign(receipt(12, fact(decision), POLICY), SIGNER)


def test_the_golden_receipt() -> None:
    compare(json.dumps(signed(), ensure_ascii=False, indent=2) + "\n", CORPUS / "receipt" / "given.json")
    compare(SIGNER.key.text + "\n", CORPUS / "receipt" / "key")
    compare(NEWS + "\n", CORPUS / "receipt" / "words.txt")


def test_it_holds_what_the_standard_asks() -> None:
    document = receipt(12, fact(), POLICY)
    (process,) = document["dpv:hasProcess"]  # type: ignore[misc]
    assert [d["@type"] for d in process["dpv:hasPersonalData"]] == ["pd:EmailAddress", "dpv:PersonalData", "pd:Name"]
    assert process["dpv:hasPersonalData"][1]["dpv:hasSensitivityLevel"] == "sekisho:special-care"
    assert process["dpv:hasStorageCondition"]["dpv:hasDuration"] == "until withdrawn"
    assert process["dpv:hasRecipient"][0]["dpv:hasName"] == "mailing-house"
    assert process["dpv:hasConsentControl"][0]["dpv:hasContact"][0] == "privacy@kites.example"
    (status,) = process["dpv:hasConsentStatus"]
    assert status["dpv:hasNotice"]["dct:description"] == NEWS
    assert document["dpv:hasJurisdiction"] == ["loc:JP"]


@pytest.mark.parametrize("decision", Decision)
def test_every_decision_has_its_state(decision: Decision) -> None:
    found = signed(decision)
    assert verify(found, SIGNER.key) == ""
    assert STATES[decision] in json.dumps(found)


def test_it_names_nobody_and_two_of_one_person_do_not_meet() -> None:
    one, two = receipt(12, fact(), POLICY), receipt(13, fact(), POLICY)
    assert PERSON not in json.dumps([one, two])
    assert one["dpv:hasDataSubject"] != two["dpv:hasDataSubject"]
    assert is_of(one, PERSON)
    assert is_of(two, PERSON)
    assert not is_of(one, "0" * 32)


def test_a_guardian_is_said() -> None:
    assert "dpv:GuardianOfDataSubject" in json.dumps(receipt(12, fact(by="guardian"), POLICY))


def test_another_version_is_not_taken_for_its_own() -> None:
    with pytest.raises(BadInput, match="what version 2025-01-01 said"):
        receipt(12, replace(fact(), version="2025-01-01"), POLICY)


def test_words_of_ones_own_are_named_and_not_put_in() -> None:
    document = receipt(12, replace(fact(), text="ab" * 32), POLICY)
    assert digest_of(document) == "ab" * 32
    assert NEWS not in json.dumps(document, ensure_ascii=False)


def test_another_key_or_other_words_do_not_hold() -> None:
    assert verify(signed(), SIGNER.key, NEWS) == ""
    assert "words" in verify(signed(), SIGNER.key, NEWS + "x")
    assert "not signed" in verify(signed(), Signer("consent", b"x" * 32).key)


def leaves(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in leaves(v, (*path, k))]
    if isinstance(value, list):
        return [p for n, v in enumerate(value) for p in leaves(v, (*path, n))]
    return [path]


def test_no_word_can_be_changed() -> None:
    whole = signed()
    paths = leaves(whole["receipt"])
    assert len(paths) > 40
    for path in paths:
        changed = copy.deepcopy(whole)
        place = changed["receipt"]
        for step in path[:-1]:
            place = place[step]  # type: ignore[index]
        place[path[-1]] = str(place[path[-1]]) + "x"  # type: ignore[index]
        assert verify(changed, SIGNER.key), path


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
)


@given(JSON, JSON, JSON)
def test_whatever_is_handed_in_is_answered(a: object, b: object, c: object) -> None:
    assert verify(a, SIGNER.key)
    assert verify({"receipt": a, "key": b, "signature": c}, SIGNER.key)
    assert verify({"receipt": {"dpv:hasProcess": a}, "key": "", "signature": ""}, SIGNER.key, "")


def tool(*words: str | Path) -> int:
    return subprocess.run([sys.executable, TOOL, *words], capture_output=True, check=False).returncode


def test_the_standalone_verifier_agrees(tmp_path: Path) -> None:
    folder = CORPUS / "receipt"
    key = (folder / "key").read_text(encoding="utf-8").strip()
    assert verify(json.loads((folder / "given.json").read_text(encoding="utf-8")), Key.parse(key), NEWS) == ""
    assert tool(folder / "given.json", "--key", key, "--text", folder / "words.txt") == 0
    changed = tmp_path / "changed.json"
    changed.write_text((folder / "given.json").read_text(encoding="utf-8").replace("ConsentGiven", "ConsentRefused"))
    assert tool(changed, "--key", key) == 1
    assert tool(folder / "given.json", "--key", Signer("consent", b"x" * 32).key.text) == 1
    assert tool(folder / "given.json", "--key", key, "--text", TOOL) == 1
    assert tool(folder / "words.txt", "--key", key) == 2
    assert tool(folder / "given.json", "--key", "no key") == 2
