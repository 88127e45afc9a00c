"""Addresses: the same one however it is written, another one however alike it looks, shown to nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.ground.errors import BadInput
from sekisho.messages.address import read_address

pytestmark = pytest.mark.unit
KEY = b"k" * 32
AOI = "aoi@example.jp"


def mark(text: str) -> str:
    return read_address(text).mark(KEY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AOI, " AOI@Example.JP "),
        (AOI, "ａｏｉ＠ｅｘａｍｐｌｅ．ｊｐ"),
        ("aoi@日本語.jp", "aoi@xn--wgv71a119e.jp"),
        ("aoi@日本語.jp", "AOI@XN--WGV71A119E.jp"),
        ("ﾀﾛｳ@example.jp", "タロウ@example.jp"),
    ],
)
def test_writing_does_not_tell_addresses_apart(one: str, other: str) -> None:
    assert mark(one) == mark(other)


@pytest.mark.parametrize(
    "other",
    [
        "аoi@example.jp",
        "aoi@ехample.jp",
        "aoi+kites@example.jp",
        "a.oi@example.jp",
        "aoi@example.co.jp",
        "ao1@example.jp",
    ],
)
def test_what_only_looks_alike_is_another_address(other: str) -> None:
    assert mark(other) != mark(AOI)


@pytest.mark.parametrize(
    "text",
    [
        *("", "aoi", "@example.jp", "aoi@", "aoi@example", "aoi@localhost", "a oi@example.jp"),
        *("aoi@example.jp\r\nBcc: b@example.de", "aoi@example.jp, b@example.de", "aoi@[127.0.0.1]"),
        *("Aoi <aoi@example.jp>", '"a b"@example.jp', "aoi@exa mple.jp", "a" * 65 + "@example.jp", "aoi@-example.jp"),
        *("aoi@example.jp\0", "aoi\u202e@example.jp"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadInput) as wrong:
        read_address(text)
    assert "aoi" not in f"{wrong.value}{wrong.value.help}"


@given(st.text(max_size=80) | st.from_regex(r"[ -~]{0,20}@[ -~]{0,20}"))
def test_any_text_is_an_address_or_bad_input(text: str) -> None:
    try:
        found = read_address(text)
    except BadInput:
        return
    envelope = found.envelope.reveal("send")
    assert envelope.isprintable()
    assert " " not in envelope
    assert read_address(envelope).mark(KEY) == found.mark(KEY)


def test_a_mark_is_of_its_key_and_gives_nothing_away() -> None:
    address = read_address(AOI)
    assert address.mark(KEY) != address.mark(b"o" * 32)
    assert "aoi" not in address.mark(KEY) + repr(address)
    with pytest.raises(TypeError):
        str(address.envelope)
