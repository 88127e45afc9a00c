"""What comes in at once: a yes is bound to its words, a no never fails for them, what cannot be recorded is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from kites import NEWS, policy
from sekisho.consent.book import Choice, Choices, check, shown
from sekisho.consent.facts import Decision
from sekisho.ground.canon import text_digest
from sekisho.ground.errors import BadInput

pytestmark = pytest.mark.unit

SHOWN = shown(policy())
AT = datetime(2026, 12, 1, tzinfo=UTC)
YES = Choice("news", 8, Decision.GIVE, "0" * 64)
GOOD = Choices(("shop", "customer", "42"), (YES,), "2026-11-01", "ja", "form", AT, key="k-1")


def test_a_choice_is_bound_to_the_words_of_its_clause() -> None:
    choice = SHOWN.choose("news", Decision.GIVE)
    assert choice.text == text_digest(NEWS)
    assert SHOWN.choose("news", Decision.GIVE, "ja", choice.text) == choice


def test_a_yes_to_other_words_is_none_and_a_no_counts() -> None:
    with pytest.raises(BadInput, match="is not what version 2026-11-01 says"):
        SHOWN.choose("news", Decision.GIVE, "ja", "0" * 64)
    for decision in Decision:
        if decision is not Decision.GIVE:
            assert SHOWN.choose("news", decision, "ja", "0" * 64).text == "0" * 64


@pytest.mark.parametrize(
    ("purpose", "language", "text", "says"),
    [
        ("newss", "", "", "not a purpose that people decide about"),
        ("migration", "", "", "not a purpose that people decide about"),
        ("news", "xx", "", "not a language"),
        ("news", "", "short", "64 hexadecimal digits"),
    ],
)
def test_what_is_not_there_is_refused(purpose: str, language: str, text: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        SHOWN.choose(purpose, Decision.WITHDRAW, language, text)
    assert says in f"{refused.value} {refused.value.help}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"who": ("shop", "customer", "")},
        {"who": ("shop", "customer", "a\x00b")},
        {"who": ("shop", "customer", "\ud800")},
        {"who": "somebody"},
        {"method": "by letter"},
        {"version": ""},
        {"language": "日本語"},
        {"by": "agent"},
        {"key": "with space"},
        {"key": "k" * 201},
        {"choices": ()},
        {"choices": (YES, replace(YES, decision=Decision.REFUSE))},
        {"choices": (replace(YES, text="short"),)},
        {"at": datetime(2026, 12, 1)},
    ],
)
def test_what_could_not_be_recorded_is_refused(wrong: dict[str, object]) -> None:
    check(GOOD)
    with pytest.raises(BadInput):
        check(replace(GOOD, **wrong))  # type: ignore[arg-type]


def test_the_instant_belongs_to_what_was_said_only_where_it_was_told() -> None:
    later = replace(GOOD, at=AT + timedelta(hours=1))
    assert later.digest() == GOOD.digest()
    assert later.digest(dated=True) != GOOD.digest(dated=True)
    others = [
        replace(GOOD, who=("shop", "customer", "43")),
        replace(GOOD, choices=(replace(YES, decision=Decision.REFUSE),)),
        replace(GOOD, by="guardian"),
        replace(GOOD, method="paper"),
    ]
    assert GOOD.digest() not in {o.digest() for o in others}
    assert replace(GOOD, key="k-2").digest() == GOOD.digest()
