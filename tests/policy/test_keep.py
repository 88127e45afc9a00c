from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.policy.keep import anchor_of, longer, parse
from sekisho.policy.model import Keep

pytestmark = pytest.mark.unit
UNITS = st.sampled_from(["day", "week", "month", "year"])
KEEPS = st.builds(
    lambda n, u, a: parse(f"{n} {u}s after {a}"),
    st.integers(0, 999),
    UNITS,
    st.sampled_from(["last order", "decision"]),
)


@pytest.mark.parametrize(
    ("text", "months", "days", "anchor"),
    [
        ("1 year after last order", 12, 0, "last order"),
        ("6 months after decision", 6, 0, "decision"),
        ("2 weeks after campaign end", 0, 14, "campaign end"),
        ("30 days after collection", 0, 30, "collection"),
    ],
)
def test_a_time_after_an_anchor(text: str, months: int, days: int, anchor: str) -> None:
    assert parse(text) == Keep(months, days, anchor, text=text)


def test_until_something_happens() -> None:
    assert parse("until withdrawn") == Keep(0, 0, "", until="withdrawn", text="until withdrawn")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "forever",
        "1 year",
        "year after order",
        "１ year after last order",
        "1 year after ",
        "until",
        "until 5",
        "1000 years after last order",
        "1 year after Last Order",
        "1 year after last order\n",
        "-1 day after last order",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert parse(text) is None


def test_consent_is_the_only_event_that_needs_no_anchor() -> None:
    keeps = [parse(t) for t in ("until withdrawn", "until account closed", "1 day after last order")]
    assert [anchor_of(k) for k in keeps if k is not None] == ["", "account closed", "last order"]


@pytest.mark.parametrize(
    ("new", "old", "says"),
    [
        ("2 years after last order", "1 year after last order", True),
        ("1 year after last order", "2 years after last order", False),
        ("12 months after last order", "1 year after last order", False),
        ("1 month after last order", "30 days after last order", True),
        ("27 days after last order", "1 month after last order", False),
        ("1 year after last order", "1 year after account closed", True),
        ("until withdrawn", "1 year after last order", True),
        ("1 year after last order", "until withdrawn", True),
        ("until withdrawn", "until withdrawn", False),
    ],
)
def test_longer_says_so_where_it_may_be(new: str, old: str, says: bool) -> None:
    assert longer(parse(new), parse(old)) is says


@given(KEEPS, KEEPS)
def test_a_time_is_never_shorter_and_longer_by_days_both_ways(a: Keep, b: Keep) -> None:
    assert not longer(a, a)
    if a.anchor == b.anchor and (a.months == 0) == (b.months == 0):
        assert not (longer(a, b) and longer(b, a))
    if a != b and (a.months, a.days, a.anchor) != (b.months, b.days, b.anchor):
        assert longer(a, b) or longer(b, a)


@given(KEEPS)
def test_no_time_at_all_is_the_longest(a: Keep) -> None:
    assert longer(None, a)
    assert not longer(a, None)
    assert not longer(None, None)
