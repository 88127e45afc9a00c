"""ARCHITECTURE.md tells the truth: its floors are the contract's, and whatever it says never happens is held."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

TOP = Path(__file__).resolve().parents[1]
PAGE = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def contracts() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(TOP / ".importlinter", encoding="utf-8")
    return parser


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its head."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_floors_of_the_page_are_those_of_the_contract(contracts: configparser.ConfigParser) -> None:
    layers = contracts["importlinter:contract:floors"]["layers"].split("\n")
    enforced = [{room.strip() for room in re.split(r"[|:]", line)} for line in layers if line.strip()]
    assert [set(re.findall(r"`([a-z]+)`", cells[0])) for cells in rows("Floors")] == enforced


def test_every_room_stands_on_a_floor() -> None:
    rooms = {p.name for p in (TOP / "src" / "sekisho").iterdir() if (p / "__init__.py").exists()}
    assert rooms == {room for cells in rows("Floors") for room in re.findall(r"`([a-z]+)`", cells[0])}


def test_every_contract_is_on_the_page(contracts: configparser.ConfigParser) -> None:
    named = {name for _, holder in rows("What never happens") for name in re.findall(r"contract `([a-z]+)`", holder)}
    assert named == {s.rsplit(":", 1)[1] for s in contracts.sections() if ":contract:" in s}


@pytest.mark.parametrize("line", rows("What never happens"), ids=lambda cells: cells[0])
def test_what_never_happens_is_held_by_a_test_that_exists(line: list[str]) -> None:
    never, holder = line
    names = re.findall(r"`(test_\w+)`", holder)
    assert names or holder.startswith("contract `"), f"nothing holds that {never}"
    sources = [p.read_text(encoding="utf-8") for p in (TOP / "tests").rglob("test_*.py")]
    for name in names:
        assert any(f"def {name}(" in source for source in sources), f"{name} is not a test"
