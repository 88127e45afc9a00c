"""Law as data: which words a policy may use for its grounds, and what the law says it must contain.

Each rule carries its article, the day it took effect, a status (`in_force`, `enacted_pending`, `draft`) and how far
it was verified (`primary`: the text of the law was read; `secondary`; `unchecked`). Only a primary rule in force
makes a missing duty; the others are shown as notes and counted as unchecked.

A duty's `needs` is one of a small vocabulary that a checker can evaluate on a policy:
`controller:FIELD`, `front:FIELD`, `kind:KIND`, `right:NAME`, `every-purpose-keep`, `none` (prose only).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from sekisho.ground.errors import BadInput

NAMES = ("jp-appi", "eu-gdpr")


@dataclass(frozen=True, slots=True)
class GroundWord:
    """A word for why a use is allowed: whether people must say yes first, and whether a detail must follow."""

    word: str
    article: str
    opt_in: bool
    details: tuple[str, ...]
    says: str
    verified: str


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that a published policy must contain, or that the law will demand."""

    id: str
    article: str
    text: Mapping[str, str]
    effective: date
    status: str
    verified: str
    needs: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What one law asks of a policy."""

    name: str
    title: Mapping[str, str]
    grounds: tuple[GroundWord, ...]
    duties: tuple[Duty, ...]

    def ground(self, word: str) -> GroundWord | None:
        """Return the ground of that word or None."""
        return next((g for g in self.grounds if g.word == word), None)


@cache
def load(name: str) -> Profile:
    """Return a profile by its name; raises BadInput when there is none."""
    if name not in NAMES:
        raise BadInput(f"`{name}` is not a law profile", help=f"use one of: {', '.join(NAMES)}")
    text = files("sekisho.ground.law").joinpath(f"{name.replace('-', '_')}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Profile(
        name,
        data["title"],
        tuple(
            GroundWord(
                word, g["article"], g.get("opt_in", False), tuple(g.get("details", ())), g["says"], g["verified"]
            )
            for word, g in data["grounds"].items()
        ),
        tuple(
            Duty(d["id"], d["article"], d["text"], d["effective"], d["status"], d["verified"], d["needs"])
            for d in data["duties"]
        ),
    )
