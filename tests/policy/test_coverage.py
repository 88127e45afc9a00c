from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from policies import TODAY, policy, promise, shipping
from sekisho.policy.coverage import Facts, Kept, State, StoreFact, coverage, figures
from sekisho.policy.model import Policy

pytestmark = pytest.mark.unit
AT, LATER = datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 1, 10, tzinfo=UTC)
NEWS = promise({"purpose": "news", "uses": "[name]", "because": "consent", "keep": "until withdrawn"})
MINORS = promise({"minors": "young", "under": "16", "who": "guardian"})
GATE = promise({"safeguard": "gate-stands", "check": "gate"})
LOG = promise({"safeguard": "log-verifies", "check": "evidence"})
NONE = promise({"safeguard": "locked-door", "check": "none"})


def store(
    *purposes: str, applied: bool = True, green: bool = True, at: datetime | None = AT, name: str = "shop"
) -> StoreFact:
    return StoreFact(name, "sqlite", frozenset(purposes), applied, green, at, dict.fromkeys(purposes, ("orders",)))


def states(made: Policy, facts: Facts, today: date = TODAY) -> dict[str, State]:
    return {k.clause: k.state for k in coverage(made, facts, today)}


def kept(made: Policy, facts: Facts, clause: str) -> Kept:
    return next(k for k in coverage(made, facts, TODAY) if k.clause == clause)


def test_every_clause_has_one_state_in_the_order_of_the_text() -> None:
    made = policy(shipping(), NEWS)
    assert list(states(made, Facts())) == [c.id for c in made.clauses]


@pytest.mark.parametrize(
    ("stores", "state"),
    [
        ((), State.NO_KEEPER),
        ((store("news"),), State.NO_KEEPER),
        ((store("shipping", applied=False, green=False),), State.NOT_APPLIED),
        ((store("shipping"),), State.ENFORCED),
        ((store("shipping", green=False),), State.BROKEN),
        ((store("shipping"), store("shipping", applied=False, green=False, name="b")), State.NOT_APPLIED),
        ((store("shipping"), store("shipping", green=False, name="b")), State.BROKEN),
        ((store("shipping"), store("news", green=False, name="b")), State.ENFORCED),
    ],
)
def test_a_purpose_is_as_good_as_the_worst_of_its_stores(stores: tuple[StoreFact, ...], state: State) -> None:
    assert states(policy(shipping()), Facts(stores))["shipping"] is state


def test_an_enforced_purpose_tells_what_it_sees_and_where() -> None:
    rules = kept(policy(shipping()), Facts((store("shipping"),)), "shipping").rules
    assert rules[0] == "purpose shipping sees contact.postal, name of customer (shop: orders)"
    assert rules[1] == "kept 1 year after last order; people delete it, this version does not by itself"


def test_a_purpose_that_needs_a_yes_says_so() -> None:
    assert "who said yes" in kept(policy(NEWS), Facts((store("news"),)), "news").rules[0]


def test_the_oldest_check_counts() -> None:
    facts = Facts((store("shipping", at=LATER), store("shipping", name="b")))
    assert kept(policy(shipping()), facts, "shipping").checked_at == AT


def test_people_keep_a_procedure_until_its_review_is_overdue() -> None:
    made = policy(shipping(), promise({"procedure": "training", "owner": "Desk", "review": "2026-12-01"}))
    assert states(made, Facts(), date(2026, 12, 1))["training"] is State.BY_PEOPLE
    assert states(made, Facts(), date(2026, 12, 2))["training"] is State.BROKEN


@pytest.mark.parametrize(("sound", "state"), [(None, State.NOT_APPLIED), (True, State.ENFORCED), (False, State.BROKEN)])
def test_the_log_keeps_a_promise_as_far_as_it_verifies(sound: bool | None, state: State) -> None:
    assert states(policy(shipping(), LOG), Facts(evidence_sound=sound))["log-verifies"] is state


def test_the_gate_depends_on_every_store() -> None:
    made = policy(shipping(), GATE)
    assert states(made, Facts((store("shipping"),)))["gate-stands"] is State.ENFORCED
    assert states(made, Facts((store("shipping"), store(green=False, name="b"))))["gate-stands"] is State.BROKEN
    assert states(made, Facts())["gate-stands"] is State.NO_KEEPER


def test_the_young_are_kept_where_a_store_knows_their_age() -> None:
    made = policy(shipping(), MINORS)
    knows = replace(store("shipping"), ages={"customer": "customers.born"})
    assert states(made, Facts((knows,)))["young"] is State.ENFORCED
    assert states(made, Facts((replace(knows, green=False),)))["young"] is State.BROKEN
    assert states(made, Facts((replace(knows, applied=False),)))["young"] is State.NOT_APPLIED
    assert states(made, Facts((store("shipping"),)))["young"] is State.NO_KEEPER
    assert states(made, Facts())["young"] is State.NO_KEEPER
    blind = replace(store("shipping", name="b"), ages={"customer": ""})
    assert states(made, Facts((knows, blind)))["young"] is State.NO_KEEPER, "a child would be seen there"
    others = replace(store("shipping", name="b"), ages={"partner": ""})
    assert states(made, Facts((knows, others)))["young"] is State.ENFORCED


@pytest.mark.parametrize(
    "clause",
    [
        NONE,
        promise({"mail": "offers", "for": "shipping", "clear": "no"}, clause="locked-door"),
        promise({"right": "access"}, clause="locked-door"),
    ],
)
def test_what_this_version_cannot_keep_has_no_keeper(clause: str) -> None:
    assert states(policy(shipping(), clause), Facts((store("shipping"),)))["locked-door"] is State.NO_KEEPER


def test_definitions_and_prose_promise_nothing() -> None:
    made = policy(shipping(), promise({"contact": "desk", "team": "Desk"}), "\n- Only words. {#words}\n")
    found = states(made, Facts())
    assert (found["customers"], found["desk"], found["words"]) == (State.PROSE, State.PROSE, State.PROSE)


def test_a_clause_is_as_good_as_its_worst_promise() -> None:
    training = "- procedure: training\n  owner: Desk\n  review: 2027-01-01\n"
    both = f"\n- Both. {{#both}}\n\n```promise\n{training}- safeguard: door\n  check: none\n```\n"
    assert states(policy(shipping(), both), Facts())["both"] is State.NO_KEEPER


def test_the_same_rule_is_told_once() -> None:
    two = "\n- Both. {#both}\n\n```promise\n- right: access\n- right: portability\n```\n"
    assert len(kept(policy(shipping(), two), Facts(), "both").rules) == 1


def test_figures_count_only_what_is_kept() -> None:
    training = promise({"procedure": "training", "owner": "Desk", "review": "2027-01-01"})
    made = policy(shipping(), NEWS, NONE, training, "\n- Only words. {#words}\n")
    found = figures(coverage(made, Facts((store("shipping"),), counts={"shipping": 3}), TODAY))
    assert found.promising == 4
    assert found.kept == 2
    assert found.by_state[State.PROSE] == 2
    assert sum(found.by_state.values()) == len(made.clauses)


def test_evidence_is_counted_by_clause() -> None:
    assert kept(policy(shipping()), Facts(counts={"shipping": 3}), "shipping").count == 3
