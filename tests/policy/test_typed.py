from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import FULL, codes, compiled, of, policy, promise, shipping, text
from sekisho.policy.kinds import DEFINING, ENFORCED, HOLDS, KINDS, reference
from sekisho.policy.model import Action, Ground, Keep, Promise, Witness

pytestmark = pytest.mark.unit


def test_every_kind_and_every_field_is_tried() -> None:
    assert set(FULL) == set(KINDS)
    assert len(KINDS) == 18
    assert {k: set(v) for k, v in FULL.items()} == {k: set(v) for k, v in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_promise_of_each_kind_is_typed(kind: str) -> None:
    made = policy(shipping(), promise(FULL[kind], clause="the-clause"))
    if kind in ("subject", "data", "purpose"):
        named = {s.name: s.clause for s in made.subjects} | {c.name: c.clause for c in made.categories}
        named |= {p.name: p.clause for p in made.purposes}
        assert named[FULL[kind][kind]] == "the-clause"
        return
    found = next(p for p in made.promises if p.kind == kind)
    assert found.clause == "the-clause"
    assert set(found.fields) == set(KINDS[kind])
    assert all(type(found.fields[name]) is type_of(f.holds) for name, f in KINDS[kind].items())


def type_of(holds: str) -> type:
    many = ("texts", "classes", "categories", "purposes", "words")
    return tuple if holds in many else {"date": date, "number": int, "flag": bool, "keep": Keep}.get(holds, str)


@pytest.mark.parametrize("kind", KINDS)
def test_a_promise_without_its_required_fields_says_which(kind: str) -> None:
    bare = promise({kind: FULL[kind][kind]}, clause="the-clause")
    required = [n for n, f in KINDS[kind].items() if f.required and n not in (kind, "of")]
    found = [d for d in compiled(text(shipping(), bare)).diagnostics if d.code == "promise-missing"]
    assert [d.message for d in found] == [f"`{kind}` needs `{n}`" for n in required]


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_a_kind_does_not_have_is_told(kind: str) -> None:
    extra = promise({**FULL[kind], "colour": "red"}, clause="the-clause")
    assert "promise-field" in codes(compiled(text(shipping(), extra)).diagnostics)


def test_a_purpose_is_typed_in_all_its_parts() -> None:
    made = policy(promise(FULL["purpose"])).purpose("support")
    assert made is not None
    assert (made.of, made.uses) == (("customer",), ("contact", "name"))
    assert made.because == Ground("contract")
    assert made.keep == Keep(0, 14, "last order", text="2 weeks after last order")
    assert made.witness is Witness.NAMED
    assert made.may == (Action.READ, Action.UPDATE)


def test_consent_waits_for_a_yes() -> None:
    made = policy(shipping(because="consent")).purpose("shipping")
    assert made is not None
    assert made.because == Ground("consent", opt_in=True)


def test_an_exception_needs_to_say_which() -> None:
    controller = "{name: Kite shop, address: Sapporo, representative: A. Kite}"
    made = policy(shipping(because="exception: JP18-3-2"), law="jp-appi", controller=controller).purpose("shipping")
    assert made is not None
    assert made.because == Ground("exception", "JP18-3-2")


def test_a_default_of_the_heading_is_overruled_by_the_promise() -> None:
    partner = promise({"subject": "partner"})
    made = policy(partner, shipping(), promise({**FULL["purpose"], "of": "partner"}))
    assert {p.name: p.of for p in made.purposes if not p.reserved} == {
        "shipping": ("customer",),
        "support": ("partner",),
    }


def test_reserved_purposes_stand_in_every_policy_for_everybody() -> None:
    made = policy(promise({"subject": "partner"}), shipping())
    assert [(p.name, p.number, p.of) for p in made.purposes if p.reserved] == [
        (n, i, ("customer", "partner"))
        for i, n in enumerate(("ask-consent", "answer-requests", "comply-with-law", "warn-people", "migration"))
    ]


def test_a_policy_adds_categories_and_says_more_of_those_that_exist() -> None:
    kite = promise(FULL["data"], clause="size")
    mail = promise({"data": "contact.email", "means": "your address", "special": "yes"}, clause="mail")
    names = {c.name: c for c in policy(kite, mail, shipping()).categories}
    assert names["kite.size"].special
    assert names["contact.email"].means == "your address"
    assert len(names) == len(policy(kite, mail, shipping()).categories)


@pytest.mark.parametrize(
    "name", ["Robert'); drop table", '"x"', "a b", "é", "-a", "a--b", "a_b", "発送", "x" * 41, "a\\nb", "../a"]
)
@pytest.mark.parametrize("kind", ["subject", "data", "purpose", "collect", "procedure"])
def test_a_hostile_name_is_no_name(kind: str, name: str) -> None:
    quoted = f'"{name}"' if '"' not in name else f"'{name}'"
    result = compiled(text(shipping(), promise({**FULL[kind], kind: quoted}, clause="the-clause")))
    assert result.policy is None
    assert {"name", "category"} & set(codes(result.diagnostics))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_any_value_in_any_field_gives_a_policy_or_diagnostics(kind: str, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(KINDS[kind])))
    value = data.draw(st.text(st.characters(blacklist_characters="\n\r"), max_size=30))
    result = compiled(text(shipping(), promise({**FULL[kind], field: value}, clause="the-clause")))
    assert (result.policy is None) == any(d.severity.value == "error" for d in result.diagnostics)


def test_the_reference_page_names_every_kind_field_and_what_it_holds() -> None:
    page = reference()
    for kind, fields in KINDS.items():
        assert f"## `{kind}`" in page
        for name, f in fields.items():
            assert f"| `{name}` |" in page
            assert f.holds in HOLDS


def test_kinds_that_are_enforced_or_define_are_kinds() -> None:
    assert set(ENFORCED) | set(DEFINING) <= set(KINDS)
    assert not set(ENFORCED) & set(DEFINING)


def test_promises_keep_the_order_of_the_text() -> None:
    made = of(compiled(text(shipping(), promise(FULL["log"]), promise(FULL["mail"]))))
    assert [(p.kind, p.name) for p in made.promises if isinstance(p, Promise)] == [("log", "web"), ("mail", "offers")]
