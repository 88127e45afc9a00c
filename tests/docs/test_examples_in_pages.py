"""The pieces of policies and maps that pages show are read without an error."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from sekisho.datamap.read import read as read_map
from sekisho.ground import law
from sekisho.policy.compile import parse
from sekisho.policy.source import Severity, Source, render

pytestmark = pytest.mark.unit

TOP = Path(__file__).resolve().parents[2]
PAGES = sorted([*TOP.glob("*.md"), *(TOP / "docs").glob("*.md")])
PROMISE = re.compile(r"^```promise\n(.*?)^```$", re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^( *)```yaml[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
FRONT = """---
policy: Example
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: N, title: T}
controller: {name: N}
law: [jp-appi, eu-gdpr]
timezone: Asia/Tokyo
---

## Customers {#customers of=customer}
"""
SUBJECT = "\n```promise\nsubject: customer\n```\n"

PROMISES = [(p.name, block) for p in PAGES for block in PROMISE.findall(p.read_text(encoding="utf-8"))]


def errors(text: str) -> list[str]:
    source = Source.of("policy.md", text)
    found = parse({"": source}, None, law.load, date(2026, 12, 1)).diagnostics
    return [render(d, source) for d in found if d.severity is Severity.ERROR]


@pytest.mark.parametrize(("page", "block"), PROMISES, ids=[f"{p} {b.split()[1]}" for p, b in PROMISES])
def test_a_promise_on_a_page_is_one(page: str, block: str) -> None:
    declared = "" if "subject: customer" in block else SUBJECT
    assert errors(f"{FRONT}{declared}\n- Clause. {{#clause}}\n\n```promise\n{block}```\n") == []


def test_a_wrong_promise_would_be_seen() -> None:
    assert errors(f"{FRONT}{SUBJECT}\n- Clause. {{#clause}}\n\n```promise\npurpose: x\nuses: [nose]\n```\n") != []


def test_the_pieces_of_the_map_page_make_a_map() -> None:
    page = (TOP / "docs" / "map.md").read_text(encoding="utf-8")
    lines = [line.removeprefix(indent) for indent, body in YAML.findall(page) for line in body.splitlines()]
    made, found = read_map(Source.of("map.yaml", "\n".join(lines) + "\n"))
    assert found == ()
    assert made is not None
    assert [t.name for t in made.tables] == ["customers", "orders"]
    assert len(made.logins) == 3
