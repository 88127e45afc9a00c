"""Cutting SQL at its semicolons: quotes and comments are stepped over, nothing is lost and nothing is made up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.cli.statements import Cutter, bare, cut

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("select 1", ["select 1"]),
        ("select 1;", ["select 1"]),
        ("select 1; select 2", ["select 1", "select 2"]),
        (";; ;", []),
        ("", []),
        ("select 'a;b'; select 2", ["select 'a;b'", "select 2"]),
        ("select 'it''s; so'", ["select 'it''s; so'"]),
        ('select ";" from "a;b"; x', ['select ";" from "a;b"', "x"]),
        ("select `a;b`; x", ["select `a;b`", "x"]),
        ("select 1 -- no; end\n+ 1; x", ["select 1 -- no; end\n+ 1", "x"]),
        ("select /* no; end */ 1; x", ["select /* no; end */ 1", "x"]),
        ("do $$ begin; end $$; x", ["do $$ begin; end $$", "x"]),
        ("do $a$ $$; $b$; $a$; x", ["do $a$ $$; $b$; $a$", "x"]),
        ("select $1; x", ["select $1", "x"]),
        ("select a$b$c; x$y$", ["select a$b$c", "x$y$"]),
        ("-- nothing\n/* at all; */", []),
        ("select 'open; still", ["select 'open; still"]),
        ("select\n1\n;\nselect 2\n;", ["select\n1", "select 2"]),
    ],
)
def test_a_text_is_cut_where_statements_end(text: str, statements: list[str]) -> None:
    assert list(cut(text.splitlines(keepends=True))) == statements


def test_what_is_not_whole_waits_for_its_end() -> None:
    cutter = Cutter()
    assert cutter.feed("select name") == []
    assert cutter.waiting
    assert cutter.feed("from customers where name = 'a;") == []
    assert cutter.feed("b'; select 2; select") == ["select name\nfrom customers where name = 'a;\nb'", "select 2"]
    assert cutter.rest() == "select"
    assert cutter.waiting == ""


def test_a_comment_alone_keeps_nobody_waiting() -> None:
    cutter = Cutter()
    assert cutter.feed("-- only a word") == []
    assert cutter.waiting == ""


@given(st.text(alphabet="ab1 ;'\"`$-/*\n", max_size=60))
def test_nothing_is_lost_and_nothing_is_made_up(text: str) -> None:
    found = list(cut(text.splitlines(keepends=True)))
    assert all(bare(s) for s in found)
    squeezed = re.sub(r"[\s;]", "", text)
    at = 0
    for statement in found:
        at = squeezed.find(re.sub(r"[\s;]", "", statement), at)
        assert at >= 0


@given(st.lists(st.sampled_from(["select 1", "select 'a;b'", "x /* ; */", "do $t$ ; $t$"]), max_size=6))
def test_statements_joined_by_semicolons_come_back(statements: list[str]) -> None:
    assert list(cut([";".join(statements)])) == statements
