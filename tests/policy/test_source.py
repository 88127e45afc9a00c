from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.policy.source import Diagnostic, Severity, Source, Span, failed, quoted, render, visible, width

pytestmark = pytest.mark.unit


def test_line_ends_and_a_byte_order_mark_are_taken_away() -> None:
    assert Source.of("a", "\ufeffone\r\ntwo\rthree").text == "one\ntwo\nthree"


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert Source.of("a", "x\ud800y").text == "x?y"


def test_positions_count_from_one() -> None:
    source = Source.of("a", "one\ntwo\n")
    assert source.position(0) == (1, 1)
    assert source.position(5) == (2, 2)
    assert source.line(2) == "two"
    assert source.line(3) == ""


@given(st.text(), st.integers(-5, 200), st.integers(-5, 200))
def test_a_span_is_always_inside_the_text(text: str, start: int, end: int) -> None:
    source = Source.of("a", text)
    span = source.span(start, end)
    assert 0 <= span.start <= span.end <= len(source.text)


@given(st.text(), st.integers(0, 300), st.integers(0, 300))
def test_rendering_any_place_gives_one_line_and_one_underline(text: str, start: int, end: int) -> None:
    source = Source.of("a", text)
    shown = render(Diagnostic("c", "m", source.span(start, end), "h"), source)
    assert len(shown.split("\n")) == 6
    assert len(shown.splitlines()) == 6, "a character of the text broke a line"
    assert set(shown.split("\n")[4].split("|", 1)[1]) <= {" ", "^"}


def test_the_underline_stands_under_full_width_words() -> None:
    source = Source.of("方針.md", "目的: 発送のため、に")
    shown = render(Diagnostic("name", "no", source.span(4, 8)), source).split("\n")
    assert shown[3] == "1 | 目的: 発送のため、に"
    assert shown[4] == "  |       ^^^^^^^^"


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("abc", 3),
        ("発送", 4),
        ("ﾊｯｿｳ", 4),
        ("が", 2),
        ("か\u3099", 2),
        ("辻󠄀", 2),
        ("e\u0301", 1),
        ("👨\u200d👩", 4),
        ("（）", 4),
    ],
)
def test_width_counts_terminal_cells(text: str, cells: int) -> None:
    assert width(text) == cells


def test_a_long_line_is_cut_around_the_place() -> None:
    source = Source.of("a", "x" * 500 + " here " + "y" * 500)
    shown = render(Diagnostic("c", "m", source.span(501, 505)), source).split("\n")
    assert " here " in shown[3]
    assert len(shown[3]) < 220
    assert shown[4].index("^") == shown[3].index("here")


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\u200f"])
def test_what_moves_a_terminal_is_shown_not_sent(char: str) -> None:
    assert char not in visible(f"a{char}b")
    assert char not in quoted(f"a{char}b")
    assert char not in render(Diagnostic("c", f"`{char}`", Span("a", 0, 3), char), Source.of("a", f"a{char}b"))


def test_a_quote_is_one_short_line() -> None:
    assert quoted("one\n  two") == "`one two`"
    assert len(quoted("x" * 1000)) == 42


def test_a_diagnostic_without_a_text_names_its_file() -> None:
    shown = render(Diagnostic("c", "m", Span("policy.md", 0, 1), "do this", Severity.NOTE, "17(1)"), None)
    assert shown == "note[c]: m\n --> policy.md\n  = article: 17(1)\n  = help: do this"


def test_only_errors_fail() -> None:
    assert not failed([Diagnostic("c", "m", severity=Severity.WARNING), Diagnostic("c", "m", severity=Severity.NOTE)])
    assert failed([Diagnostic("c", "m")])
