"""Records and who may read them: divided by sensitivity, seen by category, and unknown is no."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sekisho.gate.decide import Ask
from sekisho.ground.errors import BadInput, Tampered
from sekisho.ground.personal import Personal
from sekisho.policy.model import Category, Policy
from sekisho.vault.reading import decide, sight
from sekisho.vault.record import Sensitivity, divide, pack, shown, unpack
from studio import CONSENT, policy, purpose

pytestmark = pytest.mark.unit
CARE = (purpose("care", 12, ["name", "health"], CONSENT), purpose("study", 13, ["health.allergy"], CONSENT))


@pytest.fixture
def clinic() -> Policy:
    made = policy(*CARE)
    return replace(made, categories=(*made.categories, Category("health", special=True), Category("health.allergy")))


def test_what_the_law_protects_more_is_sealed_apart_with_all_below_it(clinic: Policy) -> None:
    values = {"name": Personal("Aoi"), "health": Personal("well"), "health.allergy": Personal("nuts")}
    assert divide(clinic, "customer", values) == {
        Sensitivity.ORDINARY: {"name": "Aoi"},
        Sensitivity.SPECIAL: {"health": "well", "health.allergy": "nuts"},
    }


@pytest.mark.parametrize(
    ("purpose", "opens"),
    [
        ("support", (Sensitivity.ORDINARY,)),
        ("study", (Sensitivity.SPECIAL,)),
        ("care", (Sensitivity.ORDINARY, Sensitivity.SPECIAL)),
        ("ask-consent", (Sensitivity.ORDINARY,)),
        ("answer-requests", (Sensitivity.ORDINARY, Sensitivity.SPECIAL)),
        ("migration", ()),
    ],
)
def test_a_purpose_opens_only_what_its_clause_uses(
    clinic: Policy, purpose: str, opens: tuple[Sensitivity, ...]
) -> None:
    stated = clinic.purpose(purpose)
    assert stated is not None
    assert sight(clinic, stated).opens == opens


@pytest.mark.parametrize(
    ("subject", "category", "value", "says"),
    [
        ("client", "name", "x", "`client` is not a class of people in the policy"),
        ("customer", "nmae", "x", "`nmae` is not a category of the policy"),
        ("customer", "name", 7, "the value of `name` is not a text"),
        ("customer", "", "", "a record holds something"),
    ],
)
def test_what_the_policy_does_not_know_is_refused(
    clinic: Policy, subject: str, category: str, value: str, says: str
) -> None:
    with pytest.raises(BadInput, match=says) as wrong:
        divide(clinic, subject, {category: Personal(value)} if category else {})
    assert wrong.value.help


def test_half_a_character_is_refused_and_not_shown() -> None:
    with pytest.raises(BadInput, match="not a text that can be written") as wrong:
        pack({"name": "secret \ud800"})
    assert wrong.value.__cause__ is None
    assert "secret" not in str(wrong.value)


def test_a_record_shows_what_is_used_and_names_what_is_withheld() -> None:
    record = shown("1", [{"name": "Aoi", "contact.email": "a@example.jp"}, {"health": "well"}], ("contact",))
    assert {c: v.reveal("test") for c, v in record.values.items()} == {"contact.email": "a@example.jp"}
    assert record.withheld == ("health", "name")
    assert "example.jp" not in repr(record)
    assert shown("1", [{"name": "Aoi"}], ("",)).withheld == ()


def test_what_opens_and_is_no_record_is_told() -> None:
    assert unpack(pack({"name": "青"})) == {"name": "青"}
    with pytest.raises(Tampered):
        unpack(b"[1]")


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (Ask("vault", "support", "a", "ticket"), "allowed"),
        (Ask("vault", "nosuch", "a", "ticket"), "unknown-purpose"),
        (Ask("vault", "support", "a", "  "), "no-reason"),
        (Ask("vault", "answer-requests", "a", "case"), "no-person"),
        (Ask("vault", "migration", "a", "case"), "sees-nothing"),
    ],
)
def test_a_verdict_names_its_code_and_its_clause(clinic: Policy, ask: Ask, code: str) -> None:
    verdict = decide(clinic, ask)
    assert (verdict.code, verdict.allowed) == (code, code == "allowed")
    assert bool(verdict.clause) == (code != "unknown-purpose")
    assert verdict.allowed or verdict.help
