from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.ground import canon

pytestmark = pytest.mark.unit
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_any_value_reads_back_from_its_bytes(value: object) -> None:
    assert json.loads(canon.encode(value)) == value


@given(st.dictionaries(st.text(max_size=8), st.integers(-1000, 1000), max_size=8))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canon.encode(value) == canon.encode(dict(reversed(value.items())))


def test_the_form_is_fixed() -> None:
    assert (
        canon.encode({"b": [1, None, True], "a": "日本 \u2028\n"})
        == '{"a":"日本 \u2028\\n","b":[1,null,true]}'.encode()
    )
    assert canon.digest({}) == hashlib.sha256(b"{}").hexdigest()


@pytest.mark.parametrize("value", [1.5, {"a": 1.0}, [[float("nan")]], ("x", {"y": [2.0]})])
def test_floats_have_no_one_form(value: object) -> None:
    with pytest.raises(TypeError, match="floats have no canonical form"):
        canon.encode(value)


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        canon.encode({"a": object()})


@given(st.text(st.characters(blacklist_characters="\r", blacklist_categories=("Cs",))))
def test_a_text_has_one_digest_whatever_its_line_ends(text: str) -> None:
    assert canon.text_digest(text) == canon.text_digest(text.replace("\n", "\r\n"))


@given(st.binary())
def test_base64url_reads_back(data: bytes) -> None:
    written = canon.to_base64url(data)
    assert "=" not in written
    assert canon.from_base64url(written) == data


@pytest.mark.parametrize("text", ["a", "a+b/", "aa==", "a b c", "ああ", "aGk\n"])
def test_what_is_not_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - binascii says it in words of its own
        canon.from_base64url(text)
