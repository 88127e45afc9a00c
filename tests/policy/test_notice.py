from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import TODAY, compiled, of, policy, promise, shipping, text
from sekisho.ground.errors import BadInput
from sekisho.policy.coverage import Facts, coverage
from sekisho.policy.notice import as_html, as_json, as_markdown, inline, pieces
from sekisho.policy.read import read
from sekisho.policy.source import Source

pytestmark = pytest.mark.unit
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^>]*)>")
HEADS = {f"h{n}" for n in range(1, 7)}
INLINE = {"a", "em", "strong", "code", "br"}
OURS = {
    *HEADS,
    *INLINE,
    "article",
    "p",
    "ul",
    "ol",
    "li",
    "details",
    "summary",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
VOID = {"br"}
HOSTILE = st.lists(
    st.sampled_from(
        ["<script>", "</p>", "<img src=x onerror=y>", "[a](javascript:b)", "![i](http://x)", "*", "`", '"', "&", "<"]
    )
    | st.text(max_size=5),
    max_size=8,
).map("".join)


def sound(html: str) -> None:
    """Hold that only our tags stand there, each closed where it should be, with no attribute that runs code."""
    open_tags: list[str] = []
    for closing, name, rest in TAG.findall(html):
        assert name in OURS, name
        assert not re.search(r"\bon\w+\s*=|javascript:|style\s*=", re.sub(r'(href|title)="[^"]*"', "", rest), re.I)
        if closing:
            assert open_tags.pop() == name
        elif name not in VOID:
            open_tags.append(name)
    assert open_tags == []


@pytest.mark.parametrize(
    "raw", ["<script>alert(1)</script>", '<img src=x onerror="y">', "<b>bold</b>", "<!-- x -->", "<a href='x'>"]
)
def test_raw_html_is_shown_as_text(raw: str) -> None:
    assert "<" not in inline(f"before {raw} after")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "vbscript:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
        "javascript&colon;alert(1)",
    ],
)
def test_an_address_that_runs_code_is_no_link(address: str) -> None:
    for written in (f"[press]({address})", f"[press](<{address}>)", f"<{address}>"):
        assert not re.search(r'href="\s*(javascript|vbscript|data|file)', inline(written), re.I), written


def test_links_to_pages_are_links() -> None:
    assert inline("[law](https://law.example/a?b=c&d)") == '<a href="https://law.example/a?b=c&amp;d">law</a>'


def test_pictures_are_not_fetched_from_elsewhere() -> None:
    assert "<img" not in inline("![pixel](https://tracker.example/p.gif)")


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_any_inline_text_gives_only_our_tags(written: str) -> None:
    sound(inline(written))


@settings(max_examples=100, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_any_notice_gives_only_our_tags(heading: str, prose: str, owner: str) -> None:
    tidy = [" ".join(p.split()).replace("{", "") or "x" for p in (heading, prose)]
    training = promise(
        {"procedure": "training", "owner": json.dumps(owner or "x", ensure_ascii=False), "review": "2027-01-01"}
    )
    result = compiled(
        text(shipping(), training, f"\n## {tidy[0]} {{#h}}\n\n{tidy[1]}\n\n| a |\n|---|\n| {tidy[0]} |\n")
    )
    if result.policy is not None:
        sound(as_html(result.policy, coverage(result.policy, Facts(), TODAY), "en"))


def test_html_has_the_ids_of_the_clauses_and_how_each_is_kept() -> None:
    made = policy(shipping())
    html = as_html(made, coverage(made, Facts(), TODAY), "en")
    assert '<h2 id="customers">Customers</h2>' in html
    assert '<ul>\n<li id="shipping">We do this.<details><summary>no keeper</summary>' in html
    assert html.startswith('<article lang="en">\n<h1>Kite shop</h1>')


def test_lists_nest_and_close() -> None:
    made = policy(shipping(), "\n- One.\n  - Two.\n\n    More of two.\n- Three.\n\nEnd.\n")
    html = as_html(made, (), "en")
    sound(html)
    assert (
        "<li>One.\n<ul>\n<li>Two.\n<p>More of two.</p>\n</li></ul>\n</li>\n<li>Three.\n</li></ul>\n<p>End.</p>" in html
    )


def test_numbers_of_items_stay() -> None:
    made = policy(shipping(), "\n## List {#list}\n\n3. Three. {#three}\n4. Four.\n\n- Dot.\n")
    html = as_html(made, (), "en")
    sound(html)
    assert '<ol>\n<li id="three" value="3">Three.\n</li>\n<li value="4">Four.\n</li></ol>\n<ul>\n<li>Dot.' in html
    assert "3. Three. {#three}" in as_markdown(made, (), "en")


@pytest.mark.parametrize(
    "body", ["- - - deep\n", "- a\n  1. b\n     - c\n- d\n", "1. a\n- b\n1. c\n", "> - a\n>   - b\n"]
)
def test_any_lists_are_closed(body: str) -> None:
    sound(as_html(policy(shipping(), f"\n## List {{#list}}\n\n{body}"), (), "en"))


def test_tables_and_code_are_whole() -> None:
    made = policy(shipping(), "\n## More {#more}\n\n| a | b |\n|---|---|\n| <b> | 2 |\n\n```\n<script>\n```\n")
    html = {p.kind: p.html for p in pieces(made, (), "en")}
    assert html["table"].startswith("<table>")
    assert "<td>&lt;b&gt;</td>" in html["table"]
    assert html["code"] == "<pre><code>&lt;script&gt;\n</code></pre>"
    sound(as_html(made, (), "en"))


def test_markdown_reads_back_as_the_same_clauses() -> None:
    made = policy(shipping(), "\n- One. {#one}\n  - Two. {#two}\n\n| a |\n|---|\n| b |\n")
    again, _ = read(Source.of("n", as_markdown(made, (), "en")))
    assert [(c.id, c.kind, c.level) for c in again.clauses] == [(c.id, c.kind, c.level) for c in made.clauses]
    assert [b.kind for b in again.blocks] == [b.kind for b in made.texts["en"]]


def test_json_says_what_is_promised_and_how_it_is_kept() -> None:
    made = policy(shipping())
    document = json.loads(as_json(made, coverage(made, Facts(counts={"shipping": 2}), TODAY), "en"))
    assert document["digest"] == made.digest
    assert document["purposes"] == [
        {
            "name": "shipping",
            "clause": "shipping",
            "of": ["customer"],
            "uses": ["contact.postal", "name"],
            "because": "contract",
            "dpv": None,
            "keep": "1 year after last order",
        }
    ]
    clause = next(c for c in document["clauses"] if c["id"] == "shipping")
    assert (clause["text"], clause["state"], clause["evidence"]) == ("We do this.", "no keeper", 2)


@pytest.mark.parametrize("form", [as_html, as_markdown, as_json])
def test_a_language_that_is_not_there_is_named(form: object) -> None:
    with pytest.raises(BadInput, match="there is no text in `fr`") as caught:
        form(policy(shipping()), (), "fr")  # type: ignore[operator]
    assert caught.value.help == "use one of: en"


def test_the_translation_is_shown_in_its_own_words() -> None:
    made = of(
        compiled(
            text(shipping(), languages="[en, ja]"), ja="## お客さま {#customers}\n\n- お送りします。 {#shipping}\n"
        )
    )
    assert "お送りします。" in as_html(made, (), "ja")
    assert "We do this." not in as_html(made, (), "ja")
