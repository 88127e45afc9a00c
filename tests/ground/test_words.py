"""The vocabulary is closed: the code's own lists are in it, and nobody writes the words that it replaces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sekisho.gate.permit import Scope
from sekisho.ground import words
from sekisho.policy.coverage import State
from sekisho.policy.model import RESERVED_PURPOSES, Witness

pytestmark = pytest.mark.unit

TOP = Path(__file__).resolve().parents[2]
PLACES = ("src/**/*.py", "src/**/*.sql", "src/**/*.toml", "src/**/*.html", "docs/**/*.md", "*.md", "examples/**/*.md")
LISTS = ("src/sekisho/ground/words.py", "docs/reference/words.md")
"""The vocabulary itself names the phrases that it replaces."""

ALLOWED = (
    ("src/sekisho/policy/categories.py", "user", r"\buser\.[a-z]", "keys of fideslang, as that vocabulary writes them"),
    ("*", "user", r"user's words", "the writer of a policy or a map, in the rule about messages"),
    (
        "*",
        "user",
        r"operating system's user|(users of (the|this) machine|machine's user|user's cache folder)|os user|user@host",
        "accounts of the operating system",
    ),
    ("*", "user", r"session_user|current_user|ALTER USER|CREATE USER", "names that PostgreSQL gives"),
    ("*", "user", r'"users?"[\]:]|user=|user agent|user-agent', "names that a connection string or HTTP gives"),
    ("src/sekisho/web/desk/", "user", r"user", "how Django's interfaces call who signs in"),
    ("CHANGELOG.md", "user", r"for those who use it", "says whom the changelog is for"),
)
"""(file, folder or *, phrase, what the line must hold, reason)."""


def texts() -> list[Path]:
    found = {p for place in PLACES for p in TOP.glob(place) if "node_modules" not in p.parts}
    return sorted(p for p in found if p.relative_to(TOP).as_posix() not in LISTS)


def allowed(path: str, phrase: str, line: str) -> bool:
    return any(
        (file in ("*", path) or (file.endswith("/") and path.startswith(file)))
        and phrase == what
        and re.search(holds, line, re.IGNORECASE)
        for file, what, holds, _ in ALLOWED
    )


@pytest.mark.parametrize("wrong", words.INSTEAD, ids=lambda w: w.phrase)
def test_nobody_writes_the_word_that_is_replaced(wrong: words.Wrong) -> None:
    pattern = re.compile(rf"(?<![\w.-]){re.escape(wrong.phrase)}s?(?![\w-])", 0 if wrong.phrase.isupper() else re.I)
    found = []
    for path in texts():
        name = path.relative_to(TOP).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line) and not allowed(name, wrong.phrase, line):
                found.append(f"{name}:{number}: {line.strip()[:100]} — write {wrong.right}")
    assert found == []


def test_the_search_sees_what_it_looks_for() -> None:
    assert len(texts()) > 50
    assert any("data subject" in p.read_text(encoding="utf-8") for p in texts())


@pytest.mark.parametrize("state", list(State), ids=lambda s: s.value)
def test_every_coverage_state_is_a_word(state: State) -> None:
    assert words.word(state.value) is not None


@pytest.mark.parametrize("grade", list(Witness), ids=lambda w: w.value)
def test_every_witness_grade_is_a_word(grade: Witness) -> None:
    assert words.word(grade.value) is not None


@pytest.mark.parametrize("name", RESERVED_PURPOSES)
def test_every_reserved_purpose_is_a_word(name: str) -> None:
    assert words.word(name) is not None


@pytest.mark.parametrize("scope", list(Scope), ids=lambda s: s.value)
def test_every_scope_of_a_permit_is_a_word(scope: Scope) -> None:
    assert words.word(f"{scope.value} permit") is not None


def test_no_word_stands_twice_and_none_is_also_wrong() -> None:
    names = [w.word.lower() for w in words.words()]
    assert len(names) == len(set(names))
    assert not set(names) & {w.phrase.lower() for w in words.INSTEAD}


def test_what_is_written_instead_is_a_word_of_the_house() -> None:
    strange = [
        w.phrase
        for w in words.INSTEAD
        if not any(known in w.right for known in (*(v.word for v in words.words()), "person", "withdraw", "give"))
    ]
    assert strange == []


def test_each_word_says_what_it_is_in_one_sentence() -> None:
    for w in words.words():
        assert w.says
        assert not w.says.endswith(".")
        assert w.source
