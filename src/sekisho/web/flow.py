"""The data map as a picture: store → category → purpose, drawn on the server as bands between three columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sekisho.app.board import Flow

BAND, GAP, HEAD, BAR = 7, 13, 34, 10
"""Height of one band, space between bars, room for the heads, width of a bar, in units of the picture."""

COLUMNS = (80, 400, 710)
WIDTH = 910


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its label: where it stands, how high it is, on which side the label is."""

    name: str
    label: str
    x: int
    y: int
    height: int
    anchor: str
    label_x: int

    @property
    def middle(self) -> int:
        """Where the label stands."""
        return self.y + self.height // 2


@dataclass(frozen=True, slots=True)
class Band:
    """A band between two bars, as the `d` of a path; `asked` where only those who said yes are in it."""

    d: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole picture."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    bands: tuple[Band, ...]
    heads: tuple[int, int, int] = (COLUMNS[0] + BAR, COLUMNS[1], COLUMNS[2])
    """Where the names of the columns stand."""


def picture(flows: Sequence[Flow], asked: frozenset[str], label: Callable[[str], str]) -> Picture:
    """Return the picture of the flows; `asked` are purposes that need a yes, `label` names a category."""
    categories = sorted({f.category for f in flows})
    columns = (
        _column(0, [f.store for f in flows], sorted({f.store for f in flows}), str),
        _column(1, [f.category for f in flows], categories, label),
        _column(2, [f.purpose for f in flows], _beside(flows, categories), str),
    )
    bars = [bar for column in columns for bar in column.values()]
    bands = _bands(flows, columns, asked)
    height = max((b.y + b.height for b in bars), default=HEAD) + GAP
    return Picture(WIDTH, height, tuple(bars), tuple(bands))


def _beside(flows: Sequence[Flow], categories: Sequence[str]) -> list[str]:
    """Return the purposes in the order of what they see, so that few bands cross."""
    seen: dict[str, list[int]] = {}
    for flow in flows:
        seen.setdefault(flow.purpose, []).append(categories.index(flow.category))
    return sorted(seen, key=lambda purpose: (sum(seen[purpose]) / len(seen[purpose]), purpose))


def _column(number: int, names: Sequence[str], order: Sequence[str], label: Callable[[str], str]) -> dict[str, Bar]:
    x, y, found = COLUMNS[number], HEAD, {}
    for name in order:
        height = max(BAND * names.count(name), BAND * 2)
        side = ("end", x - 8) if number == 0 else ("start", x + BAR + 8)
        found[name] = Bar(name, label(name), x, y, height, side[0], side[1])
        y += height + GAP
    return found


def _bands(flows: Sequence[Flow], columns: Sequence[dict[str, Bar]], asked: frozenset[str]) -> list[Band]:
    used: dict[tuple[int, str, str], int] = {}
    rank = {name: at for column in columns for at, name in enumerate(column)}

    def place(side: str, number: int, name: str) -> float:
        bar = columns[number][name]
        at = used.get((number, name, side), 0)
        used[number, name, side] = at + 1
        return bar.y + at * BAND + BAND / 2

    found = []
    for flow in sorted(flows, key=lambda f: (f.store, rank[f.category], rank[f.purpose])):
        start, end = place("out", 0, flow.store), place("in", 1, flow.category)
        found.append(Band(_curve(COLUMNS[0] + BAR, start, COLUMNS[1], end), flow.purpose in asked))
    for flow in sorted(flows, key=lambda f: (rank[f.purpose], rank[f.category], f.store)):
        start, end = place("out", 1, flow.category), place("in", 2, flow.purpose)
        found.append(Band(_curve(COLUMNS[1] + BAR, start, COLUMNS[2], end), flow.purpose in asked))
    return found


def _curve(x1: int, y1: float, x2: int, y2: float) -> str:
    middle = (x1 + x2) / 2
    return f"M{x1} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2} {y2:g}"
