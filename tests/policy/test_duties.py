from __future__ import annotations

from datetime import date

import pytest

from policies import FULL, TODAY, policy, promise, shipping
from sekisho.ground import law
from sekisho.policy.checks import duties, upkeep, vague
from sekisho.policy.checks.duties import APPLIES
from sekisho.policy.source import Severity

pytestmark = pytest.mark.unit
JP = {"law": "jp-appi", "controller": "{name: Kite shop, address: Sapporo, representative: A. Kite}"}
RIGHTS = ("purpose-notice", "disclosure", "provision-records", "correction", "deletion", "stop-use", "stop-provision")
WHOLE = [
    shipping(),
    *(promise({"right": r}) for r in RIGHTS),
    promise(FULL["safeguard"]),
    promise(FULL["contact"]),
    promise(FULL["procedure"]),
    promise(FULL["minors"]),
    promise(FULL["cookies"]),
]


def said(*clauses: str, today: date = TODAY, **facts: str) -> dict[str, Severity]:
    """Return article → weight of what the law profiles say about a policy."""
    made = policy(*clauses, **facts)
    found = duties.check(made, tuple(law.load(n) for n in made.law), today)
    return {d.article: d.severity for d in found}


def test_a_whole_policy_misses_no_duty() -> None:
    assert [a for a, s in said(*WHOLE, **JP).items() if s is Severity.ERROR] == []


@pytest.mark.parametrize("left_out", range(1, len(WHOLE)))
def test_each_part_that_the_law_asks_for_is_missed(left_out: int) -> None:
    rest = [c for i, c in enumerate(WHOLE) if i != left_out]
    assert set(said(*rest, **JP)) > set(said(*WHOLE, **JP))


def test_what_was_not_read_or_is_not_yet_in_force_is_only_a_note() -> None:
    without = [c for c in WHOLE if "minors:" not in c and "cookies:" not in c]
    found = {a: s for a, s in said(*without, **JP).items() if a not in said(*WHOLE, **JP)}
    assert found == {
        "jp-appi GL 2-16": Severity.NOTE,
        "jp-appi Telecommunications Business Act 27-12": Severity.NOTE,
        "jp-appi 40-2 (Act 56 of 2026)": Severity.NOTE,
    }


def test_a_pending_duty_stays_a_note_even_after_its_day_until_somebody_confirms_it() -> None:
    without = [c for c in WHOLE if "minors:" not in c]
    assert said(*without, today=date(2029, 1, 1), **JP)["jp-appi 40-2 (Act 56 of 2026)"] is Severity.NOTE


def test_before_the_law_was_in_force_nothing_was_missing() -> None:
    found = said(shipping(), today=date(2020, 1, 1), **JP)
    assert found["jp-appi 32(1)(iv), CO 10"] is Severity.NOTE


def test_nothing_of_the_european_profile_is_an_error_while_it_is_unchecked() -> None:
    found = said(shipping())
    assert found
    assert set(found.values()) == {Severity.NOTE}


def test_work_entrusted_abroad_needs_a_basis() -> None:
    entrust = promise({**FULL["entrust"], "country": "US"})
    transfer = promise({**FULL["transfer"], "country": "US", "basis": "JP28-EQUIV-SYSTEM"}, clause="abroad")
    assert said(*WHOLE, entrust, **JP)["jp-appi 28(1)"] is Severity.ERROR
    assert "jp-appi 28(1)" not in said(*WHOLE, entrust, transfer, **JP)
    assert "jp-appi 28(1)" not in said(*WHOLE, promise({**FULL["entrust"], "country": "JP"}), **JP)


@pytest.mark.parametrize(
    ("clause", "article"),
    [
        (promise({"disclose": "friends", "to": "friends", "because": "JP27-5-3"}), "jp-appi 27(5)(iii)"),
        (promise({"disclose": "lists", "to": "anybody", "because": "JP27-2-OPTOUT"}), "jp-appi 27(2), Rules 11"),
        (
            promise({"data": "health", "special": "yes"})
            + shipping(purpose="care", uses="[health]").replace("#shipping", "#care"),
            "jp-appi 20(2)",
        ),
        (
            promise({"purpose": "news", "uses": "[name]", "because": "consent", "keep": "until withdrawn"}),
            "jp-appi Act on Specified Electronic Mail 3",
        ),
    ],
)
def test_some_duties_fall_only_on_those_who_do_it(clause: str, article: str) -> None:
    assert article not in said(*WHOLE, **JP)
    assert said(*WHOLE, clause, **JP)[article] is Severity.NOTE


def test_every_condition_that_the_law_can_name_can_be_evaluated() -> None:
    assert set(APPLIES) == set(law.WHEN)


def test_every_time_is_asked_for_where_the_law_asks() -> None:
    without = shipping().replace("keep: 1 year after last order\n", "")
    assert "eu-gdpr 13(2)(a)" in said(without)
    assert "eu-gdpr 13(2)(a)" not in said(shipping())


def test_a_review_is_overdue_the_day_after() -> None:
    made = policy(shipping(), promise(FULL["procedure"]))
    assert upkeep.check(made, (), date(2027, 4, 1)) == ()
    assert [d.code for d in upkeep.check(made, (), date(2027, 4, 2))] == ["review-overdue"]


@pytest.mark.parametrize("phrase", vague.PHRASES)
def test_a_purpose_that_says_nothing_is_too_vague(phrase: str) -> None:
    made = policy(shipping().replace("We do this.", f"We use it for {phrase.upper()} and more."))
    assert [d.code for d in vague.check(made, (), TODAY)] == ["purpose-vague"]
    assert vague.check(policy(shipping()), (), TODAY) == ()
