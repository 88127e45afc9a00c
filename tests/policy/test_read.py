from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import STUDIO, codes, front, tree
from sekisho.policy.read import read
from sekisho.policy.source import Source

pytestmark = pytest.mark.unit
PIECES = ["#", "{#a}", "{#b of=x}", "- ", "  ", "\t", "```promise\n", "```\n", "---\n", "a: b\n", "| a |", "\n", "<b>"]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=40).map("".join)


def test_a_clause_is_a_heading_or_a_list_item_with_an_id() -> None:
    read_tree, found, _ = tree("## Customers {#customers}\n\n- News. {#news}\n- No id.\n\nProse.\n")
    assert found == ()
    assert [(c.id, c.kind, c.level, c.parent) for c in read_tree.clauses] == [
        ("customers", "heading", 2, ""),
        ("news", "item", 1, "customers"),
    ]


def test_clauses_know_the_heading_above_them() -> None:
    read_tree, _, _ = tree("## A {#a}\n\n### B {#b}\n\n- c {#c}\n  - d {#d}\n\n## E {#e}\n")
    assert {c.id: c.parent for c in read_tree.clauses} == {"a": "", "b": "a", "c": "b", "d": "c", "e": ""}


def test_a_block_holds_one_promise_or_a_list_of_them() -> None:
    one, _, _ = tree("- A {#a}\n\n```promise\nsubject: x\n```\n")
    many, _, _ = tree("- A {#a}\n\n```promise\n- subject: x\n  means: X\n- subject: y\n```\n")
    assert len(one.promises) == 1
    assert [p.fields.pairs[0][1].text for p in many.promises] == ["x", "y"]  # type: ignore[union-attr]


def test_headings_hand_their_defaults_down() -> None:
    body = '## A {#a of=customer}\n\n### B {#b witness=named for="x,y"}\n\n- c {#c of=partner}\n\n## D {#d}\n'
    read_tree, _, _ = tree(body)
    given_defaults = {c.id: {k: v.text for k, v in c.defaults.items()} for c in read_tree.clauses}
    assert given_defaults == {
        "a": {"of": "customer"},
        "b": {"of": "customer", "witness": "named", "for": "x,y"},
        "c": {"of": "partner", "witness": "named", "for": "x,y"},
        "d": {},
    }


def test_a_default_knows_its_place() -> None:
    read_tree, _, source = tree("## A {#a of=customer}\n")
    span = read_tree.clauses[0].defaults["of"].span
    assert source.text[span.start : span.end] == "customer"


@pytest.mark.parametrize("indent", ["", "  ", "   "])
def test_a_fence_may_be_indented_with_its_item(indent: str) -> None:
    body = f"- A {{#a}}\n\n{indent}```promise\n{indent}subject: x\n{indent}means: 'why: not'\n{indent}```\n"
    read_tree, found, source = tree(body)
    assert found == ()
    key, value = read_tree.promises[0].fields.pairs[1]
    assert source.text[key.span.start : key.span.end] == "means"
    assert source.text[value.span.start : value.span.end] == "'why: not'"


def test_a_promise_in_a_nested_list_belongs_to_the_inner_clause() -> None:
    read_tree, _, source = tree("- A {#a}\n  - B {#b}\n\n    ```promise\n    subject: x\n    ```\n")
    assert [p.clause for p in read_tree.promises] == ["b"]
    span = read_tree.promises[0].fields.span
    assert source.text[span.start : span.end] == "subject: x"


def test_windows_line_ends_and_a_mark_make_no_difference() -> None:
    text = (STUDIO / "policy.md").read_text(encoding="utf-8")
    plain, _ = read(Source.of("p", text))
    windows, _ = read(Source.of("p", "\ufeff" + text.replace("\n", "\r\n")))
    assert plain == windows


def test_a_text_without_a_last_line_end_is_the_same() -> None:
    body = "- A {#a}\n\n```promise\nsubject: x\n```"
    assert tree(body)[0].promises == tree(body + "\n")[0].promises
    assert tree(body)[1] == ()


def test_prose_under_a_clause_is_its_own() -> None:
    read_tree, _, _ = tree("## A {#a}\n\nOne.\n\n- Two.\n\n| h |\n|---|\n| three |\n")
    prose = read_tree.clauses[0].prose
    assert [w in prose for w in ("A", "One.", "Two.", "three")] == [True] * 4
    assert "{#a}" not in prose


def test_a_heading_without_an_id_continues_the_clause_above_or_ends_it() -> None:
    deeper, found, _ = tree("## A {#a}\n\n### Details\n\nMore.\n\n```promise\nsubject: x\n```\n")
    assert found == ()
    assert "More." in deeper.clauses[0].prose
    assert deeper.promises[0].clause == "a"
    ended, found, _ = tree("## A {#a}\n\n## B\n\nMore.\n\n```promise\nsubject: x\n```\n")
    assert codes(found) == ["promise-homeless"]
    assert "More." not in ended.clauses[0].prose


def test_a_table_is_one_block_as_it_was_written() -> None:
    table = "| what | how long |\n|---|---|\n| orders | 1 year |"
    read_tree, found, _ = tree(f"## A {{#a}}\n\n{table}\n\nAfter.\n")
    assert found == ()
    assert [(b.kind, b.text) for b in read_tree.blocks[-2:]] == [("table", table), ("paragraph", "After.")]


def test_code_about_clauses_is_not_taken_for_one() -> None:
    read_tree, found, _ = tree("## A {#a}\n\nWrite `{#id}` here.\n\n```\n{#id}\n```\n")
    assert found == ()
    assert len(read_tree.clauses) == 1


def test_a_comment_is_left_out_and_other_html_is_told() -> None:
    assert codes(tree("## A {#a}\n\n<!-- to do -->\n")[1]) == []
    assert codes(tree("## A {#a}\n\n<script>x</script>\n")[1]) == ["html"]


def test_a_promise_in_a_comment_is_none() -> None:
    read_tree, found, _ = tree("## A {#a}\n\n<!--\n```promise\nsubject: x\n```\n-->\n")
    assert read_tree.promises == ()
    assert found == ()


@pytest.mark.parametrize("fence", ["```promise", "~~~promise", "````promise", "``` promise"])
def test_fences_are_those_of_markdown(fence: str) -> None:
    end = fence.split("p", maxsplit=1)[0].strip()
    read_tree, found, _ = tree(f"- A {{#a}}\n\n{fence}\nsubject: x\n{end}\n")
    assert found == ()
    assert len(read_tree.promises) == 1


def test_a_fence_in_a_quotation_is_read_at_its_place() -> None:
    read_tree, found, source = tree("> - A {#a}\n>\n>   ```promise\n>   subject: x\n>   ```\n")
    assert found == ()
    span = read_tree.promises[0].fields.span
    assert source.text[span.start : span.end] == "subject: x"


def test_an_escaped_id_is_text() -> None:
    read_tree, found, _ = tree("## A {#a}\n\n- Write \\{#id}\n")
    assert found == ()
    assert [c.id for c in read_tree.clauses] == ["a"]


LONG = {
    "spaces": "- a" + " " * 400_000 + "b\n",
    "braces": "- " + "{#" * 200_000 + "\n",
    "comments": "<!-- " * 100_000 + "\n",
    "fields": "- A {#a}\n\n```promise\n" + "a: b\n" * 20_000 + "```\n",
    "clauses": "".join(f"- x {{#c{i}}}\n" for i in range(10_000)),
    "stars": "- " + "*a_" * 50_000 + "\n",
    "backticks": "- " + " ".join("`" * i for i in range(500)) + "\n",
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_text_takes_no_time_out_of_proportion(name: str) -> None:
    # nothing is measured: a reader that looks at everything twice would run into the time limit of the tests
    read(Source.of("p", front() + LONG[name]))


@settings(max_examples=300, deadline=None)
@given(st.text() | HOSTILE)
def test_any_text_is_read_without_an_exception(text: str) -> None:
    read(Source.of("p", text))
    _, found = read(Source.of("p", front() + text))
    assert all(d.span is not None for d in found)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_mutated_policy_is_read_without_an_exception(data: st.DataObject) -> None:
    text = (STUDIO / "policy.md").read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 200))
    read(Source.of("p", text[:at] + data.draw(HOSTILE) + text[at + gone :]))
