"""Facts folded into standing: the last word counts, opt-in waits for a yes, a minor's own yes opens nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.consent.facts import Decision, Fact
from sekisho.consent.standing import Band, Rule, fold

pytestmark = pytest.mark.unit

RULES = (
    Rule(0, False, True, ("customer", "applicant"), "answer-requests"),
    Rule(8, False, False, ("customer",), "shipping"),
    Rule(9, True, False, ("customer",), "news"),
    Rule(10, False, False, ("applicant",), "recruitment"),
)
RESERVED, SHIPPING, NEWS = 1, 1 << 8, 1 << 9
NOW = datetime(2026, 12, 1, tzinfo=UTC)


NAMES = {8: "shipping", 9: "news", 10: "recruitment"}


def fact(number: int, decision: Decision, by: str = "self", name: str = "") -> Fact:
    return Fact("p", name or NAMES.get(number, "other"), number, decision, "", "", "", "", NOW, by)


def stand(*facts: Fact, minor: bool = False, subject: str = "customer") -> int:
    return fold(facts, RULES, subject, minor=minor)


def test_without_a_word_what_needs_no_yes_stands() -> None:
    assert stand() == RESERVED | SHIPPING
    assert stand(subject="applicant") == RESERVED | 1 << 10


def test_the_last_word_counts() -> None:
    yes, no = fact(9, Decision.GIVE), fact(9, Decision.WITHDRAW)
    assert stand(yes) == RESERVED | SHIPPING | NEWS
    assert stand(yes, no) == RESERVED | SHIPPING
    assert stand(no, yes) == RESERVED | SHIPPING | NEWS
    assert stand(fact(8, Decision.OBJECT)) == RESERVED


@pytest.mark.parametrize("decision", [d for d in Decision if d is not Decision.GIVE])
def test_every_word_but_yes_closes(decision: Decision) -> None:
    assert stand(fact(8, Decision.GIVE), fact(8, decision)) == RESERVED


def test_a_yes_to_another_number_opens_nothing() -> None:
    assert stand(fact(11, Decision.GIVE)) == RESERVED | SHIPPING


def test_a_no_outlives_a_widening_and_a_yes_to_the_narrow_meaning_does_not() -> None:
    no, yes = fact(3, Decision.WITHDRAW, name="shipping"), fact(3, Decision.GIVE, name="shipping")
    assert stand(no) == RESERVED, "it was said to the purpose, under the number that it had then"
    assert stand(no, yes) == RESERVED | SHIPPING, "taken back, before the purpose was widened"
    assert stand(no, fact(8, Decision.GIVE)) == RESERVED | SHIPPING
    assert stand(fact(4, Decision.GIVE, name="news")) == RESERVED | SHIPPING
    assert stand(fact(9, Decision.GIVE), fact(4, Decision.WITHDRAW, name="news")) == RESERVED | SHIPPING
    assert stand(fact(3, Decision.GIVE, "guardian", "shipping"), minor=True) == RESERVED


def test_a_minor_is_opened_by_a_guardian_alone_and_closed_by_either() -> None:
    own, theirs = fact(8, Decision.GIVE), fact(8, Decision.GIVE, "guardian")
    assert stand(minor=True) == RESERVED
    assert stand(own, minor=True) == RESERVED
    assert stand(theirs, minor=True) == RESERVED | SHIPPING
    assert stand(theirs, own, minor=True) == RESERVED | SHIPPING, "saying yes again takes nothing away"
    assert stand(theirs, fact(8, Decision.WITHDRAW), minor=True) == RESERVED
    assert stand(fact(8, Decision.WITHDRAW, "guardian"), own, minor=True) == RESERVED


FACTS = st.lists(
    st.builds(fact, st.integers(0, 12), st.sampled_from(Decision), st.sampled_from(["self", "guardian", "agent"]))
)


@given(FACTS, st.booleans())
def test_reserved_purposes_always_stand_and_unknown_numbers_never(facts: list[Fact], minor: bool) -> None:
    mask = stand(*facts, minor=minor)
    assert mask & RESERVED
    assert mask & ~(RESERVED | SHIPPING | NEWS) == 0


@given(FACTS)
def test_a_minor_never_stands_for_more_than_an_adult_would(facts: list[Fact]) -> None:
    gives = [f for f in facts if f.decision is Decision.GIVE and f.by == "guardian"]
    if not gives:
        assert stand(*facts, minor=True) == RESERVED


@given(FACTS, st.booleans())
def test_after_a_withdrawal_of_everything_nothing_but_the_reserved_stands(facts: list[Fact], minor: bool) -> None:
    gone = [fact(n, Decision.WITHDRAW) for n in (8, 9)]
    assert stand(*facts, *gone, minor=minor) == RESERVED


@pytest.mark.parametrize(("text", "low"), [("10-12", 10), ("18+", 18), ("0-5", 0)])
def test_a_band_reads(text: str, low: int) -> None:
    band = Band.parse(text)
    assert band is not None
    assert band.low == low
    assert band.reaches_below(16) is (low < 16)


@given(st.text())
def test_any_text_is_a_band_or_none(text: str) -> None:
    Band.parse(text)
