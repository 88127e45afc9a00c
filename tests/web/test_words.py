"""Every word of the pages is there in Japanese, and nothing is translated that is not said."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from sekisho.evidence.kinds import KINDS
from sekisho.policy import categories, coverage, diff, kinds, meaning
from sekisho.policy.coverage import State
from sekisho.policy.diff import Change
from sekisho.web import words
from sekisho.web.templatetags.sekisho import ticks

pytestmark = pytest.mark.unit

WEB = Path(words.__file__).parent
PO = WEB / "locale/ja/LC_MESSAGES/django.po"
KEYWORDS = {"gettext": None, "gettext_noop": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
PLACE = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def japanese() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, abort_invalid=True)


def said() -> Iterator[tuple[str | None, str]]:
    for file in (*WEB.rglob("*.html"), *WEB.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        source = templatize(text) if file.suffix == ".html" else text
        for _, message, _, context in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
            yield context, message[0] if isinstance(message, tuple) else message


def test_nothing_is_said_that_is_not_in_japanese_and_nothing_is_left_over(japanese: Catalog) -> None:
    there = set(texts(japanese))
    asked = set(said()) | {("category", c.name) for c in categories.BUILT_IN}
    asked |= {("action", a) for a in ("read", "create", "update", "delete")}
    assert asked - there == set(), f"write it in {PO.name}, then run: .venv/bin/python hatch_build.py"
    assert there - asked == set()


def test_every_message_has_a_text_with_the_same_places(japanese: Catalog) -> None:
    for (_, message), text in texts(japanese).items():
        assert text, message
        assert set(PLACE.findall(text)) == set(PLACE.findall(message)), message


def test_the_compiled_catalogue_is_that_of_the_text(japanese: Catalog) -> None:
    compiled = PO.with_suffix(".mo")
    assert compiled.exists(), "run: .venv/bin/python hatch_build.py"
    made = io.BytesIO()
    write_mo(made, japanese)
    assert compiled.read_bytes() == made.getvalue(), "run: .venv/bin/python hatch_build.py"


def texts(catalogue: Catalog) -> dict[tuple[str | None, str], str]:
    return {(m.context, first(m.id)): first(m.string) for m in catalogue if m.id}


def first(text: str | list[str] | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def test_ticks_become_code_and_nothing_else_does() -> None:
    assert ticks("run `a <b>` & see `c`") == "run <code>a &lt;b&gt;</code> &amp; see <code>c</code>"
    assert ticks("a ` alone") == "a ` alone"
    assert ticks("") == ""


def test_every_state_change_kind_and_category_has_a_word() -> None:
    assert set(words.STATES) == set(State)
    assert set(words.CHANGES) == set(Change) - {Change.SAME}
    assert set(words.KINDS) == set(KINDS)
    assert set(words.CATEGORIES) == {c.name for c in categories.BUILT_IN}
    assert set(words.PROMISES) == set(kinds.KINDS)


def test_every_sentence_that_coverage_and_differences_make_is_known() -> None:
    made = set()
    for module in (coverage, diff, meaning):
        text = Path(module.__file__).read_text(encoding="utf-8")
        made |= set(re.findall(r'"([^"\n]*%\(\w+\)s[^"\n]*)"', text))
        made |= set(re.findall(r'Sentence\("([^"]+)"\)', text))
    assert made == set(words.RULES), "write it in web/words.py RULES and in django.po, then run hatch_build.py"
