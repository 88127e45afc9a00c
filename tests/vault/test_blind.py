"""Blind indexes: what is the same is found however it was typed, and what is not an identifier is not repeated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.ground.errors import BadInput
from sekisho.ground.personal import Personal
from sekisho.vault.blind import KINDS, SIZE, Identifier, index, normalise
from sekisho.vault.secret import Secret

pytestmark = pytest.mark.unit
KEY, OTHER = Secret(bytes(32)), Secret(bytes([1] * 32))


def of(kind: str, text: str, key: Secret = KEY) -> bytes:
    return index(key, Identifier(kind, Personal(text)))


@pytest.mark.parametrize(
    ("kind", "ways"),
    [
        ("email", ["hanako@example.jp", " Hanako@Example.JP\n", "ｈａｎａｋｏ＠example.jp", "HANAKO@EXAMPLE.JP"]),
        ("phone", ["09012345678", "090-1234-5678", "(090) 1234 5678", "０９０ー１２３４ー５６７８", "090‐1234‐5678"]),
        ("phone", ["+819012345678", "+81 90-1234-5678", "＋81 90 1234 5678"]),
        ("number", ["K-1042", " k-1042 ", "Ｋ-１０４２", "K - 1042"]),
    ],
)
def test_one_identifier_however_it_is_typed(kind: str, ways: list[str]) -> None:
    assert len({of(kind, way) for way in ways}) == 1


def test_what_differs_stays_different() -> None:
    found = {
        of("email", "a@example.jp"),
        of("email", "a+tag@example.jp"),
        of("email", "b@example.jp"),
        of("number", "09012345678"),
        of("phone", "09012345678"),
        of("phone", "+819012345678"),
        of("email", "а@example.jp"),
        of("email", "a@example.jp", OTHER),
    }
    assert len(found) == 8
    assert {len(f) for f in found} == {SIZE}


@pytest.mark.parametrize(
    ("kind", "text"),
    [("email", "hanako"), ("email", "a@b@c"), ("email", "@x"), ("email", ""), ("phone", "call me"), ("phone", "+"),
     ("phone", "09a12"), ("number", "  ")],
)  # fmt: skip
def test_what_is_no_identifier_is_refused_and_not_repeated(kind: str, text: str) -> None:
    with pytest.raises(BadInput, match=f"not an identifier of kind `{kind}`") as wrong:
        of(kind, text)
    assert not text.strip() or text not in f"{wrong.value} {wrong.value.help}"


def test_an_unknown_kind_is_answered_with_the_kinds() -> None:
    with pytest.raises(BadInput, match="`fax` is not a kind") as wrong:
        of("fax", "1")
    assert wrong.value.help == "use one of: email, phone, number"


@given(st.sampled_from(KINDS), st.text())
def test_any_text_has_one_form_or_is_refused(kind: str, text: str) -> None:
    try:
        once = normalise(kind, text)
    except BadInput:
        return
    assert normalise(kind, once) == once
