from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.policy import yamltext
from sekisho.policy.source import Diagnostic, Source, failed
from sekisho.policy.yamltext import Fields, Items, Node, Scalar, parse

pytestmark = pytest.mark.unit
WORD = st.text(st.sampled_from("abc09.-_()/+=<>~ぁ漢、。・「」（）〜ー！？ "), min_size=1, max_size=12)
VALUE = WORD | st.lists(WORD, min_size=1, max_size=3).map(lambda ws: "[" + ", ".join(ws) + "]")
VALUE = VALUE | st.builds(lambda a, b: f"{a}: {b}", st.sampled_from(["exception", "x"]), WORD)
KEY = st.sampled_from(["purpose", "of", "uses", "a-b", "keep", "2x", "Keep", "ok1"])
LINE = st.builds(lambda k, v: f"{k}: {v}", KEY, VALUE)
BLOCK = st.lists(LINE, min_size=1, max_size=4).map("\n".join)
LIST = st.lists(st.lists(LINE, min_size=1, max_size=3), min_size=1, max_size=3).map(
    lambda ps: "\n".join("- " + "\n  ".join(p) for p in ps)
)


def plain(text: str) -> tuple[Node | None, list[Diagnostic]]:
    found: list[Diagnostic] = []
    return yamltext._plain(text, Source.of("p", text).span, found), found


def full(text: str) -> tuple[Node | None, list[Diagnostic]]:
    found: list[Diagnostic] = []
    return yamltext._full(text, Source.of("p", text).span, found), found


@settings(max_examples=600, deadline=None)
@given(BLOCK | LIST, st.sampled_from(["", "\n", "\n\n"]))
def test_the_quick_reader_gives_what_the_full_one_gives(text: str, end: str) -> None:
    quick, said = plain(text + end)
    if quick is not None:
        assert (quick, said) == full(text + end)


def test_the_quick_reader_reads_promises_as_they_are_written() -> None:
    for text in (
        "purpose: shipping\nuses: [name, contact.postal]\nkeep: 1 year after last order",
        "- data: x\n  means: 靴",
    ):
        assert plain(text)[0] is not None


@settings(max_examples=500, deadline=None)
@given(st.text() | st.text(st.sampled_from("a: -[]{},'\"|>&*!%#?@`\n\t 0"), max_size=40) | BLOCK | LIST)
def test_any_text_gives_a_tree_or_diagnostics(text: str) -> None:
    source = Source.of("p", text)
    node, found = parse(source.text, source.span)
    assert node is None or isinstance(node, Scalar | Items | Fields)
    assert all(d.span is not None and 0 <= d.span.start <= d.span.end <= len(source.text) for d in found)


@settings(max_examples=300, deadline=None)
@given(BLOCK | LIST)
def test_every_scalar_stands_where_its_span_says(text: str) -> None:
    node, found = parse(text, Source.of("p", text).span)
    if node is None or failed(found):
        return
    for scalar in scalars(node):
        if scalar.text and not scalar.quoted:
            assert text[scalar.span.start : scalar.span.end] == scalar.text


def scalars(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    inside = node.items if isinstance(node, Items) else [n for pair in node.pairs for n in pair]
    return [s for n in inside for s in scalars(n)]


@pytest.mark.parametrize("text", ["no", "yes", "2026-12-01", "0x10", "1e3", "null", "~", "012", "on"])
def test_scalars_stay_text(text: str) -> None:
    node, _ = parse(f'a: {text}\nb: "q"', Source.of("p", "").span)
    assert isinstance(node, Fields)
    assert node.get("a") == Scalar(text, node.get("a").span)  # type: ignore[union-attr]


def test_a_second_colon_is_read_where_a_single_word_stands_before_it() -> None:
    text = 'because: exception: JP18-3-1\nnote: "a: b"'
    node, found = parse(text, Source.of("p", text).span)
    assert found == ()
    assert isinstance(node, Fields)
    value = node.get("because")
    assert isinstance(value, Scalar)
    assert value.text == "exception: JP18-3-1"
    assert text[value.span.start : value.span.end] == "exception: JP18-3-1"


@pytest.mark.parametrize("char", ["\ue03a", "\ue000", "\U000f0000"])
def test_characters_of_ones_own_stay(char: str) -> None:
    text = f"means: {char}辻 and more"
    node, found = parse(text, Source.of("p", text).span)
    assert found == ()
    assert isinstance(node, Fields)
    value = node.get("means")
    assert isinstance(value, Scalar)
    assert value.text == f"{char}辻 and more"


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    text = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
    )
    node, found = parse(text, Source.of("p", text).span)
    assert failed(found)
    assert node is None or len(scalars(node)) < 100


def test_nesting_without_end_is_refused() -> None:
    for text in ("[" * 1200, "a: " + "{a: " * 600, "- " * 600 + "x", "\n".join(" " * i + "a:" for i in range(200))):
        _, found = parse(text, Source.of("p", text).span)
        assert failed(found)


def test_a_missing_value_is_missing_at_its_key() -> None:
    text = "a:\nb: c\n# d\n"
    node, _ = parse(text, Source.of("p", text).span)
    assert isinstance(node, Fields)
    assert node.get("a") == Scalar("", Source.of("p", text).span(0, 1))
