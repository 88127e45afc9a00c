from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import codes, compiled, of, promise, shipping, text
from sekisho.policy.lock import Lock, Numbered, read
from sekisho.policy.meaning import Meaning
from sekisho.policy.model import Action, Keep, Witness
from sekisho.policy.source import Source

pytestmark = pytest.mark.unit
NEWS = promise({"purpose": "news", "uses": "[name]", "because": "consent", "keep": "until withdrawn"})


def numbers(original: str, lock: str | None = None) -> tuple[dict[str, int], str, list[str]]:
    """Return purpose → number, the lock that then holds, and the codes said."""
    result = compiled(original, lock)
    given_numbers = {p.name: p.number for p in of(result).purposes if not p.reserved}
    return given_numbers, result.lock.text(), codes(result.diagnostics)


def test_numbers_begin_after_the_reserved_ones_in_the_order_of_the_text() -> None:
    assert numbers(text(shipping(), NEWS))[0] == {"shipping": 8, "news": 9}


def test_a_number_is_given_once_and_for_ever() -> None:
    _, lock, _ = numbers(text(shipping(), NEWS))
    given_numbers, after, said = numbers(text(NEWS, shipping()), lock)
    assert given_numbers == {"shipping": 8, "news": 9}
    assert after == lock
    assert said == []


def test_a_retired_number_is_never_given_again() -> None:
    _, lock, _ = numbers(text(shipping(), NEWS))
    _, lock, _ = numbers(text(NEWS), lock)
    support = promise({"purpose": "support", "uses": "[name]", "because": "contract", "keep": "1 day after last order"})
    given_numbers, lock, _ = numbers(text(NEWS, support), lock)
    assert given_numbers == {"news": 9, "support": 10}
    assert "8 shipping " in lock


def test_a_purpose_that_comes_back_as_it_was_has_its_number_back() -> None:
    _, lock, _ = numbers(text(shipping(), NEWS))
    _, lock, _ = numbers(text(NEWS), lock)
    assert numbers(text(shipping(), NEWS), lock)[0] == {"shipping": 8, "news": 9}


@pytest.mark.parametrize(
    "change",
    [
        {"uses": "[name, contact]"},
        {"of": "[customer, partner]"},
        {"keep": "2 years after last order"},
        {"may": "[read, delete]"},
        {"witness": "aggregate"},
    ],
)
def test_a_widened_purpose_gets_a_new_number(change: dict[str, str]) -> None:
    partner = promise({"subject": "partner"})
    _, lock, _ = numbers(text(partner, shipping()))
    given_numbers, after, said = numbers(text(partner, shipping(**change)), lock)
    assert given_numbers == {"shipping": 9}
    assert "8 shipping " in after
    assert said == ["purpose-widened"]


def test_consent_that_is_no_longer_asked_gets_a_new_number() -> None:
    _, lock, _ = numbers(text(shipping(because="consent")))
    assert numbers(text(shipping()), lock)[0] == {"shipping": 9}


def test_a_narrowed_purpose_keeps_its_number_and_widening_it_again_asks_anew() -> None:
    _, lock, _ = numbers(text(shipping()))
    given_numbers, lock, said = numbers(text(shipping(uses="[name]")), lock)
    assert (given_numbers, said) == ({"shipping": 8}, ["purpose-narrowed"])
    given_numbers, _, said = numbers(text(shipping()), lock)
    assert (given_numbers, said) == ({"shipping": 9}, ["purpose-widened"])


def test_naming_the_children_of_a_category_widens_nothing() -> None:
    _, lock, _ = numbers(text(shipping(uses="[name, contact]")))
    given_numbers, _, said = numbers(text(shipping(uses="[name, contact.email, contact.phone, contact.postal]")), lock)
    assert given_numbers == {"shipping": 8}
    assert said == ["purpose-narrowed"]


def test_the_lock_reads_back_as_it_was_written() -> None:
    _, lock, _ = numbers(text(shipping(because="consent", witness="named", may="[read, create]"), NEWS))
    again, found = read(Source.of("policy.lock", lock))
    assert found == ()
    assert again.text() == lock


WORDS = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,3})?", fullmatch=True)
LISTS = st.lists(WORDS, min_size=1, max_size=3, unique=True).map(tuple)
KEEPS = st.none() | st.just(Keep(12, 0, "last-order or so", text="1 year after last-order or so"))
MEANINGS = st.builds(
    Meaning,
    LISTS,
    LISTS,
    st.sampled_from(["consent", "legal-obligation"]),
    st.booleans(),
    KEEPS,
    st.lists(st.sampled_from(Action), min_size=1, unique=True).map(tuple),
    st.sampled_from(Witness),
)


@given(st.dictionaries(st.integers(8, 62), st.tuples(WORDS, MEANINGS), max_size=5))
def test_any_lock_reads_back_as_it_was_written(given_numbers: dict[int, tuple[str, Meaning]]) -> None:
    lock = Lock(tuple(Numbered(n, name, meant) for n, (name, meant) in sorted(given_numbers.items())))
    again, found = read(Source.of("policy.lock", lock.text()))
    assert found == ()
    assert again == lock


@settings(max_examples=300)
@given(st.text() | st.text(st.sampled_from("8 shipping of=x uses=,because+-_said\n0123456789abcdef<>="), max_size=80))
def test_any_text_is_read_as_a_lock_without_an_exception(lock: str) -> None:
    read(Source.of("policy.lock", lock))


def test_a_number_of_a_thousand_digits_is_no_number() -> None:
    _, found = read(Source.of("policy.lock", "9" * 5000 + " a of=x uses=y because=z keep=- may=read witness=scope\n"))
    assert codes(found) == ["lock-line"]


def test_both_sides_of_a_merge_are_not_believed() -> None:
    _, lock, _ = numbers(text(shipping()))
    merged = f"<<<<<<< ours\n{lock}=======\n{lock.replace('shipping', 'news')}>>>>>>> theirs\n"
    _, found = read(Source.of("policy.lock", merged))
    assert codes(found) == ["lock-conflict"]
    assert compiled(text(shipping()), merged).policy is None


def test_a_policy_may_hold_fifty_five_numbers_and_no_more() -> None:
    many = [
        promise({"purpose": f"p{i}", "uses": "[name]", "because": "contract", "keep": "1 day after last order"})
        for i in range(56)
    ]
    full = compiled(text(*many[:55]))
    assert max(p.number for p in of(full).purposes) == 62
    assert codes(full.diagnostics) == ["lock-crowded"]
    assert "lock-full" in codes(compiled(text(*many)).diagnostics)
