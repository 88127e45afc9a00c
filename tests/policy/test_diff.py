from __future__ import annotations

import pytest

from policies import FULL, compiled, of, policy, promise, shipping, text
from sekisho.policy.diff import FIELDS, GIVES, TAKES, Change, Difference, diff
from sekisho.policy.kinds import KINDS

pytestmark = pytest.mark.unit
PARTNER = promise({"subject": "partner"})


def one(before: dict[str, str] | None, after: dict[str, str] | None, clause: str = "it") -> Difference | None:
    """Return what differs at a clause that holds these promises before and after."""
    old, new = (policy(PARTNER, shipping(), *([promise(f, clause)] if f else [])) for f in (before, after))
    return next((d for d in diff(old, new) if d.clause == clause), None)


def changed(kind: str, **fields: str) -> Difference:
    found = one(FULL[kind], {**FULL[kind], **fields})
    assert found is not None
    return found


def test_the_same_policy_differs_nowhere() -> None:
    made = policy(shipping())
    assert diff(made, policy(shipping())) == ()


def test_another_wording_is_prose_only() -> None:
    old, new = policy(shipping()), policy(shipping().replace("We do this.", "We send it."))
    assert [(d.clause, d.change, d.approval) for d in diff(old, new)] == [("shipping", Change.PROSE, False)]


@pytest.mark.parametrize(
    ("field", "more", "reason"),
    [
        ("uses", "[name, contact, birth]", "support may now use birth"),
        ("of", "[customer, partner]", "support now covers partner"),
        (
            "keep",
            "3 weeks after last order",
            "support now keeps data longer: 3 weeks after last order, not 2 weeks after last order",
        ),
        ("witness", "scope", "support is now recorded less finely: scope, not named"),
        ("may", "[read, update, delete]", "support may now delete rows"),
    ],
)
def test_a_purpose_that_may_more_is_widened_and_less_is_narrowed(field: str, more: str, reason: str) -> None:
    wide = {**FULL["purpose"], field: more}
    widened, narrowed = one(FULL["purpose"], wide), one(wide, FULL["purpose"])
    assert widened is not None
    assert narrowed is not None
    assert (widened.change, widened.approval, widened.numbers) == (Change.WIDENED, True, ("support",))
    assert reason in widened.reasons
    assert "customer" in widened.affects
    assert (narrowed.change, narrowed.approval, narrowed.numbers) == (Change.NARROWED, False, ())


def test_consent_no_longer_asked_is_widened_and_asked_anew_is_narrowed() -> None:
    asked = {**FULL["purpose"], "because": "consent"}
    dropped, begun = one(asked, FULL["purpose"]), one(FULL["purpose"], asked)
    assert dropped is not None
    assert begun is not None
    assert (dropped.change, dropped.approval) == (Change.WIDENED, True)
    assert (begun.change, begun.approval) == (Change.NARROWED, False)


def test_a_new_purpose_needs_approval_and_one_that_is_gone_does_not() -> None:
    added, gone = one(None, FULL["purpose"]), one(FULL["purpose"], None)
    assert added is not None
    assert gone is not None
    assert (added.change, added.approval, added.affects) == (Change.ADDED, True, ("customer",))
    assert (gone.change, gone.approval, gone.affects) == (Change.REMOVED, False, ("customer",))


def test_another_ground_changes_it_and_people_are_told() -> None:
    found = one(FULL["purpose"], {**FULL["purpose"], "because": "legitimate-interest: fraud"})
    assert found is not None
    assert (found.change, found.approval, found.affects) == (Change.CHANGED, False, ("customer",))
    assert found.reasons == ("support has another ground: legitimate-interest: fraud, not contract",)


def test_a_purpose_that_moves_to_another_clause_is_the_same_purpose() -> None:
    old, new = (
        policy(shipping()),
        policy(
            promise(
                {
                    "purpose": "shipping",
                    "uses": "[name, contact.postal]",
                    "because": "contract",
                    "keep": "1 year after last order",
                },
                clause="sending",
            )
        ),
    )
    found = {d.clause: d for d in diff(old, new)}
    assert found["sending"].change is Change.ADDED
    assert found["sending"].reasons == ("purpose shipping stood at #shipping before",)
    assert not found["sending"].approval
    assert found["shipping"].change is Change.REMOVED
    assert found["shipping"].reasons == ()


def test_a_clause_under_another_heading_is_moved() -> None:
    news = "\n- News. {#news}\n"
    old = policy(shipping(), news, "\n## Others {#others}\n\nWords.\n")
    new = policy(shipping(), "\n## Others {#others}\n\nWords.\n", news)
    assert [(d.clause, d.change) for d in diff(old, new)] == [("news", Change.MOVED)]


@pytest.mark.parametrize(
    ("kind", "fields", "approval"),
    [
        ("collect", {"asks": "[name, birth]"}, True),
        ("collect", {"from": "[customer, partner]"}, True),
        ("disclose", {"to": "courts and insurers"}, True),
        ("disclose", {"uses": "[name, contact]"}, True),
        ("disclose", {"approvals": "one"}, True),
        ("disclose", {"because": "A6-1-f"}, True),
        ("entrust", {"uses": "[name, contact]"}, False),
        ("entrust", {"country": "US"}, False),
        ("transfer", {"basis": "A49-1-a"}, True),
        ("cookies", {"keep": "1 year after last order"}, True),
        ("log", {"holds": "[time, page, address]"}, False),
        ("log", {"keep": "31 days after last order"}, False),
        ("stream", {"fields": "[version, account]"}, True),
        ("mail", {"stop": "never"}, False),
        ("mail", {"clear": "yes"}, False),
        ("minors", {"under": "13"}, True),
        ("safeguard", {"check": "none"}, False),
    ],
)
def test_what_reaches_further_is_widened(kind: str, fields: dict[str, str], approval: bool) -> None:
    found = changed(kind, **fields)
    assert found.change is Change.WIDENED
    assert found.approval is approval
    assert found.affects
    back = one({**FULL[kind], **fields}, FULL[kind])
    assert back is not None
    other = kind in ("transfer",) or set(fields) & {"to", "because", "country"}
    assert back.change is (Change.WIDENED if other else Change.NARROWED)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("contact", {"hours": "never"}),
        ("procedure", {"review": "2028-01-01"}),
        ("right", {"fee": "500 yen"}),
        ("entrust", {"review": "2028-01-01"}),
        ("links", {"to": "[https://elsewhere.example]"}),
        ("amend", {"notice": "1 day"}),
        ("subject", {"means": "others"}),
        ("data", {"special": "no"}),
    ],
)
def test_what_is_merely_other_is_changed_and_not_called_prose(kind: str, fields: dict[str, str]) -> None:
    found = changed(kind, **fields)
    assert (found.change, found.approval) == (Change.CHANGED, False)
    assert found.reasons


@pytest.mark.parametrize("kind", TAKES)
def test_one_more_that_takes_is_wider(kind: str) -> None:
    added, gone = one(None, FULL[kind]), one(FULL[kind], None)
    assert added is not None
    assert gone is not None
    assert added.reasons == (f"{kind} {FULL[kind][kind]} is new",)
    assert added.change is Change.ADDED
    assert gone.change is Change.REMOVED
    assert not gone.approval


@pytest.mark.parametrize("kind", GIVES)
def test_one_less_that_gives_is_wider(kind: str) -> None:
    gone = one(FULL[kind], None)
    assert gone is not None
    assert gone.change is Change.WIDENED
    assert gone.affects == ("customer", "partner") or kind == "right"


def test_a_limit_that_is_no_longer_said_is_wider() -> None:
    without = {k: v for k, v in FULL["disclose"].items() if k != "uses"}
    found, back = one(FULL["disclose"], without), one(without, FULL["disclose"])
    assert found is not None
    assert back is not None
    assert (found.change, back.change) == (Change.WIDENED, Change.NARROWED)


def test_a_category_that_is_new_under_a_used_one_is_told_to_those_it_is_about() -> None:
    found = one(None, {"data": "contact.chat", "means": "your name in our chat"})
    assert found is not None
    assert found.affects == ()
    old, new = (
        policy(shipping(uses="[contact]"), *more) for more in ((), (promise({"data": "contact.chat"}, "chat"),))
    )
    told = next(d for d in diff(old, new) if d.clause == "chat")
    assert told.reasons == ("contact.chat is new, and used for shipping",)
    assert told.affects == ("customer",)


def test_asking_for_the_reserved_purposes_widens_nothing() -> None:
    found = one(FULL["collect"], {**FULL["collect"], "for": "[shipping, ask-consent]"})
    assert found is None or found.change is not Change.WIDENED


def test_every_kind_is_a_taking_a_giving_or_a_defining_one() -> None:
    others = {"subject", "data", "purpose", "links"}
    assert set(TAKES) | set(GIVES) | others == set(KINDS)
    assert all(set(fields) <= set(KINDS[kind]) for kind, fields in FIELDS.items())


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"uses": "[name, contact]"},
        {"uses": "[name]"},
        {"keep": "2 years after last order"},
        {"keep": "until account closed"},
        {"witness": "named"},
        {"witness": "aggregate"},
        {"may": "[update]"},
        {"because": "consent"},
        {"because": "legal-obligation"},
        {"of": "[customer, partner]"},
        {"of": "partner"},
    ],
)
def test_the_lock_and_the_differences_agree_about_new_numbers(fields: dict[str, str]) -> None:
    before = compiled(text(PARTNER, shipping()))
    after = compiled(text(PARTNER, shipping(**fields)), before.lock.text())
    found = diff(of(before), of(after))
    old, new = of(before).purpose("shipping"), of(after).purpose("shipping")
    assert old is not None
    assert new is not None
    assert [n for d in found for n in d.numbers] == (["shipping"] if new.number != old.number else [])


def test_reasons_can_be_said_in_another_language() -> None:
    found = changed("stream", fields="[version, account]")
    assert found.reasons[0].template == "%(kind)s %(name)s: %(field)s has more: %(what)s"
    assert found.reasons[0].values["what"] == ("account",)
