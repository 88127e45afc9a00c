"""Plays: an attack or an ordinary statement is a small SQL file; its comments say who plays it and what must come.

A file is chunks separated by empty lines; each chunk is sent as one message of the simple protocol. Before the first
statement: `-- permit: none support` (the ways in which it is played), `-- login: shop_ship`, for what is known
`-- trust: anchor` and `-- hole: code`, and sentences that say what the trick is. In any chunk:

    -- on: second as shop_ship   another connection, of this login
    -- enter: support            issue a permit and enter with it on this connection
    -- do: withdraw 6            what the service does first: withdraw, close, expire, watch, tick
    -- meanwhile: withdraw 6     the same while the chunk runs
    -- expect: 42501             the chunk ends in an error of this SQLSTATE (SQLite: `refused` or `failed`)
    -- expect: no rows | rows 2 | says TEXT | done
    -- expect support: ...       only when played with that permit

`{{token support}}` and `{{service support}}` stand for permits, the same text for the same permit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "corpus" / "gate"
DIRECTIVE = re.compile(r"--\s*(permit|login|trust|hole|on|enter|do|meanwhile|expect(?: [a-z-]+)?):\s*(.*?)\s*\Z")
SQLSTATE = re.compile(r"[0-9A-Z]{5}\Z")


@dataclass(frozen=True)
class Chunk:
    """One message: its SQL, which connection sends it, what happens before, and what must come back in which mode."""

    sql: str
    on: str = "first"
    login: str = ""
    enter: str = ""
    do: tuple[str, ...] = ()
    meanwhile: tuple[str, ...] = ()
    expect: dict[str, str] = field(default_factory=dict)

    def expected(self, mode: str) -> str:
        """Return what is expected in a mode; empty where nothing is said."""
        return self.expect.get(mode, self.expect.get("", ""))


@dataclass(frozen=True)
class Play:
    """A file of the corpus."""

    path: Path
    modes: tuple[str, ...]
    login: str
    trust: str
    hole: str
    chunks: tuple[Chunk, ...]

    @property
    def name(self) -> str:
        """The trick's name."""
        return self.path.stem


def read(path: Path) -> Play:
    """Return the play in a file; raises ValueError where it says nothing of what must come."""
    head = {"permit": "none", "login": "shop_support", "trust": "", "hole": ""}
    chunks = [_chunk(text, head) for text in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")) if text.strip()]
    play = Play(path, tuple(head["permit"].split()), head["login"], head["trust"], head["hole"], tuple(chunks))
    for mode in play.modes:
        if not any(c.expected(mode) for c in play.chunks):
            raise ValueError(f"{path.name}: says nowhere what must come with permit `{mode}`")
    return play


def _chunk(text: str, head: dict[str, str]) -> Chunk:
    on, login, enter, expect, sql = "first", "", "", {}, []
    acts: dict[str, list[str]] = {"do": [], "meanwhile": []}
    for line in text.splitlines():
        found = DIRECTIVE.match(line.strip())
        if found is None:
            if not line.strip().startswith("-- "):
                sql.append(line)
            continue
        word, value = found.groups()
        if word in head:
            head[word] = value
        elif word == "on":
            on, _, login = value.partition(" as ")
        elif word == "enter":
            enter = value
        elif word in acts:
            acts[word].append(value)
        else:
            expect[word.removeprefix("expect").strip()] = value
    return Chunk("\n".join(sql).strip(), on, login, enter, tuple(acts["do"]), tuple(acts["meanwhile"]), expect)


@dataclass
class Came:
    """What came back for one chunk: rows, notices, errors, copied lines and notifications, all as text."""

    rows: list[tuple[str | None, ...]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    state: str = ""

    @property
    def text(self) -> str:
        """Everything as one text."""
        return "\n".join([*("|".join(v or "" for v in row) for row in self.rows), *self.said])


def disappoints(came: Came, expected: str) -> str:
    """Return why what came is not what was expected, or nothing."""
    if not expected:
        return ""
    if SQLSTATE.match(expected) or expected in ("refused", "failed"):
        good = came.state == expected
    elif expected == "no rows":
        good = not came.state and not came.rows
    elif expected == "done":
        good = not came.state
    elif expected.startswith("rows "):
        good = not came.state and len(came.rows) == int(expected.removeprefix("rows "))
    elif expected.startswith("says "):
        good = expected.removeprefix("says ") in came.text
    else:
        return f"`{expected}` is not an expectation"
    return "" if good else f"expected `{expected}`, but came {came.state or 'no error'}: {came.text[:600]}"


def plays(engine: str, kind: str) -> list[tuple[Play, str]]:
    """Return every play of a folder with each way in which it is played."""
    return [
        (play, mode)
        for path in sorted((ROOT / engine / kind).glob("*.sql"))
        for play in [read(path)]
        for mode in play.modes
    ]


def called(pair: tuple[Play, str]) -> str:
    """Return the name of a play in a mode, for the list of tests."""
    return f"{pair[0].name}-{pair[1]}"
