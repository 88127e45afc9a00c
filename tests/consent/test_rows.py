"""Rows of an import: CSV and JSON lines say the same, each mistake has its line, any bytes are answered."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kites import NEWS, policy
from sekisho.consent.book import Choices, Shown, shown
from sekisho.consent.facts import Decision
from sekisho.consent.rows import FIELDS, parse, read
from sekisho.ground.canon import text_digest
from sekisho.ground.errors import BadInput

pytestmark = pytest.mark.unit

NOW = shown(policy())
GOOD = {
    "store": "shop",
    "class": "customer",
    "key": "42",
    "purpose": "news",
    "decision": "give",
    "at": "2026-11-20T10:00:00+09:00",
    "text": NEWS,
    "version": "2026-11-01",
    "language": "ja",
    "method": "form",
}


def versions(version: str) -> Shown | None:
    return NOW if version == NOW.version else None


def one(fields: dict[str, str]) -> Choices:
    (row,) = read("a.jsonl", json.dumps(fields).encode())
    return parse(row, NOW, versions)


def csv_of(*rows: dict[str, str]) -> bytes:
    quoted = [",".join('"' + r.get(f, "").replace('"', '""') + '"' for f in FIELDS) for r in rows]
    return ("﻿" + ",".join(FIELDS) + "\r\n" + "\r\n".join(quoted) + "\r\n").encode()


def test_both_forms_say_the_same() -> None:
    (row,) = read("a.CSV", csv_of(GOOD))
    assert parse(row, NOW, versions) == one(GOOD)
    choices = one(GOOD)
    assert choices.choices[0].text == text_digest(NEWS)
    assert choices.at.isoformat() == "2026-11-20T01:00:00+00:00"
    assert choices.key == one({k: v for k, v in GOOD.items() if k != "text"} | {"sha256": text_digest(NEWS)}).key


def test_words_of_no_version_of_ours_are_proof_of_themselves() -> None:
    choices = one(GOOD | {"version": "shop-2019", "text": "May we write to you?"})
    assert choices.choices[0].text == text_digest("May we write to you?")
    assert choices.version == "shop-2019"


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"text": ""}, "there is no proof"),
        ({"text": "other words"}, "not what version 2026-11-01 says"),
        ({"sha256": "0" * 64}, "not that of `text`"),
        ({"purpose": "newss"}, "not a purpose"),
        ({"decision": "yes"}, "not a decision"),
        ({"at": "2026-11-20"}, "no instant with a time zone"),
        ({"at": "9999-12-31T23:59:59-23:59"}, "no instant with a time zone"),
        ({"key": ""}, "`key` is missing"),
        ({"colour": "red"}, "`colour` is missing, or is not a field"),
        ({"method": "by letter"}, "is a word"),
        ({"by": "me"}, "who decided"),
    ],
)
def test_each_mistake_is_said(changed: dict[str, str], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        one(GOOD | changed)


def test_a_no_on_other_words_is_taken() -> None:
    assert one(GOOD | {"decision": "refuse", "text": "other"}).choices[0].decision is Decision.REFUSE


def test_lines_are_counted_as_an_editor_does() -> None:
    data = csv_of(GOOD | {"text": "two\nlines"}, GOOD)
    assert [r.line for r in read("a.csv", data)] == [3, 4]
    text = "\n".join([json.dumps(GOOD), "", "{", json.dumps(GOOD)])
    rows = read("a.jsonl", text.encode())
    assert [(r.line, bool(r.trouble)) for r in rows] == [(1, False), (3, True), (4, False)]


@pytest.mark.parametrize("heading", ["", "store,class", "store,colour"])
def test_a_heading_that_is_not_right_is_said(heading: str) -> None:
    with pytest.raises(BadInput, match="heading"):
        read("a.csv", heading.encode())


def test_a_row_of_another_width_is_one_wrong_line() -> None:
    rows = read("a.csv", csv_of(GOOD) + b"a,b\r\n")
    assert [bool(r.trouble) for r in rows] == [False, True]


@given(st.binary() | st.text().map(str.encode), st.sampled_from(["a.csv", "a.jsonl"]))
def test_any_bytes_are_answered(data: bytes, name: str) -> None:
    try:
        rows = read(name, data)
    except BadInput:
        return
    for row in rows:
        with pytest.raises(BadInput):
            parse(row, NOW, versions)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text()))
def test_any_field_is_answered(changed: dict[str, str]) -> None:
    try:
        choices = one(GOOD | changed)
    except BadInput:
        return
    assert choices.key
