"""The difference of two texts leads from one to the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.web.difference import difference

pytestmark = pytest.mark.unit


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_runs_make_both_texts(old: str, new: str) -> None:
    runs = list(difference(old, new))
    assert "".join(text for what, text in runs if what != "new") == old
    assert "".join(text for what, text in runs if what != "old") == new


def test_english_differs_by_words_and_japanese_by_characters() -> None:
    assert list(difference("one red kite", "one blue kite")) == [
        ("same", "one "), ("old", "red"), ("new", "blue"), ("same", " kite"),
    ]  # fmt: skip
    assert list(difference("お名前を使います", "ご住所を使います"))[-1] == ("same", "を使います")
