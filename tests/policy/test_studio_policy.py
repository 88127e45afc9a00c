"""The sample policy says what a studio's policy has to say, and what must be enforced can be."""

from __future__ import annotations

import re
import tomllib

import pytest

from policies import STUDIO, TODAY
from sekisho.ground import law
from sekisho.policy.checks import channels, duties, upkeep, vague
from sekisho.policy.compile import Compiled, parse
from sekisho.policy.kinds import ENFORCED, KINDS
from sekisho.policy.model import Policy
from sekisho.policy.source import Severity, Source

pytestmark = pytest.mark.unit
COVERS: dict[str, list[str]] = tomllib.loads((STUDIO / "covers.toml").read_text(encoding="utf-8"))["covers"]
MUST = [
    line.strip()
    for line in (STUDIO / "enforced.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
ROWS = 39
PLAIN = re.compile(r"(だ|である|する|ない|った|れる)。")


def studio() -> Compiled:
    texts = {
        n: Source.of(f, (STUDIO / f).read_text(encoding="utf-8"))
        for n, f in (("", "policy.md"), ("en", "policy.en.md"))
    }
    lock = Source.of("policy.lock", (STUDIO / "policy.lock").read_text(encoding="utf-8"))
    return parse(texts, lock, law.load, TODAY, (vague.check, channels.check, duties.check, upkeep.check))


@pytest.fixture(scope="module")
def policy() -> Policy:
    made = studio().policy
    assert made is not None
    return made


def test_the_sample_is_clean() -> None:
    assert [d.message for d in studio().diagnostics if d.severity is not Severity.NOTE] == []


def test_the_lock_is_up_to_date() -> None:
    assert studio().lock.text() == (STUDIO / "policy.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("row", COVERS)
def test_each_thing_that_has_to_be_promised_is_promised(policy: Policy, row: str) -> None:
    promising = {p.clause for p in (*policy.purposes, *policy.promises)}
    for id in COVERS[row]:
        clause = policy.clause(id)
        assert clause is not None, f"{id} is no clause"
        assert set(clause.prose) == {"ja", "en"}
        assert all(len(prose) > len(id) for prose in clause.prose.values())
    assert promising & set(COVERS[row]), f"{row} is only words"


def test_no_row_is_left_out_and_no_clause_is_for_nothing(policy: Policy) -> None:
    assert len(COVERS) == ROWS
    headings = {c.parent for c in policy.clauses}
    named = {id for ids in COVERS.values() for id in ids}
    assert {c.id for c in policy.clauses} - named - headings == {"summary"}


def test_every_kind_of_promise_is_shown(policy: Policy) -> None:
    shown = {p.kind for p in policy.promises} | {"subject", "purpose"}
    # built-in categories are enough for it, and it gives nothing abroad
    assert set(KINDS) - shown == {"data", "transfer"}


def test_the_four_classes_of_people_have_purposes(policy: Policy) -> None:
    assert [s.name for s in policy.subjects] == ["customer", "partner-contact", "applicant", "individual"]
    assert {s for p in policy.purposes if not p.reserved for s in p.of} == {s.name for s in policy.subjects}


@pytest.mark.parametrize("id", MUST)
def test_a_clause_that_must_be_enforced_is_of_a_kind_that_can_be(policy: Policy, id: str) -> None:
    assert policy.clause(id) is not None
    kinds = {p.kind for p in policy.promises if p.clause == id}
    kinds |= {"purpose" for p in policy.purposes if p.clause == id}
    assert kinds
    assert kinds <= set(ENFORCED)
    checks = {p.fields.get("check") for p in policy.promises if p.clause == id and p.kind == "safeguard"}
    assert "none" not in checks


def test_every_purpose_of_the_stores_must_be_enforced(policy: Policy) -> None:
    assert len(set(MUST)) == len(MUST)
    outside_the_stores = {"access-logs"}
    assert {p.clause for p in policy.purposes if not p.reserved} - outside_the_stores <= set(MUST)


def test_the_japanese_text_speaks_politely(policy: Policy) -> None:
    for block in policy.texts["ja"]:
        if block.kind != "heading":
            assert not PLAIN.search(block.text), block.text


def test_both_languages_say_the_same_numbers(policy: Policy) -> None:
    for id in ("access-logs", "rights", "amendments", "contact"):
        clause = policy.clause(id)
        assert clause is not None
        ja, en = (set(re.findall(r"\d+", clause.prose[n])) for n in ("ja", "en"))
        assert ja <= en, id
