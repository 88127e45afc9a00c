"""Law as data: which words a policy may use for its grounds and bases, and what the law says it must contain.

Each rule carries its article, the day it took effect, a status (`in_force`, `enacted_pending`, `draft`) and how far
it was verified (`primary`: the text of the law was read; `secondary`; `unchecked`). Only a primary rule in force
makes a missing duty; the others are shown as notes and counted as unchecked.

A duty's `needs` is one of a small vocabulary that a checker can evaluate on a policy, see `NEEDS`; `when` says on
which policies it falls, see `WHEN`.
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
STATUSES = ("in_force", "enacted_pending", "draft")
VERIFIED = ("primary", "secondary", "unchecked")
NEEDS: Mapping[str, str] = {
    "controller": "a fact under `controller:` in the front matter",
    "kind": "a promise of this kind",
    "kind-for": "a promise of the kind for every promise of another: `KIND:OTHER`",
    "right": "a promise of this right",
    "every-purpose-keep": "a `keep:` in every purpose",
    "none": "nothing that can be seen in a policy: the duty is shown, and counted as unchecked",
}
WHEN: Mapping[str, str] = {
    "": "on every policy",
    "uses-special": "where a purpose uses data that needs special care",
    "entrusts": "where work is entrusted to others",
    "entrusts-abroad": "where work is entrusted to somebody in another country than the law's own",
    "discloses": "where data is given to third parties",
    "transfers": "where data is given abroad",
    "joint-use": "where data is used jointly",
    "opt-out": "where data is given until people object",
    "mails": "where offers are mailed to those who said yes",
}


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
class Basis:
    """A basis for giving data to others, or abroad: whether people must say yes, and which records the law asks."""

    code: str
    article: str
    says: str
    abroad: bool
    consent: bool
    record: bool
    status: str
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
    when: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one law asks of a policy."""

    name: str
    title: Mapping[str, str]
    countries: tuple[str, ...]
    grounds: tuple[GroundWord, ...]
    bases: tuple[Basis, ...]
    duties: tuple[Duty, ...]

    def ground(self, word: str) -> GroundWord | None:
        """Return the ground of that word or None."""
        return next((g for g in self.grounds if g.word == word), None)

    def basis(self, code: str) -> Basis | None:
        """Return the basis of that code or None."""
        return next((b for b in self.bases if b.code == code), None)


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
        tuple(data["countries"]),
        tuple(
            GroundWord(
                word, g["article"], g.get("opt_in", False), tuple(g.get("details", ())), g["says"], g["verified"]
            )
            for word, g in data["grounds"].items()
        ),
        tuple(_basis(code, b) for code, b in data["bases"].items()),
        tuple(
            Duty(
                d["id"],
                d["article"],
                d["text"],
                d["effective"],
                d["status"],
                d["verified"],
                d["needs"],
                d.get("when", ""),
            )
            for d in data["duties"]
        ),
    )


def _basis(code: str, b: Mapping[str, str | bool]) -> Basis:
    return Basis(
        code,
        str(b["article"]),
        str(b["says"]),
        bool(b.get("abroad", False)),
        bool(b.get("consent", False)),
        bool(b.get("record", False)),
        str(b.get("status", "in_force")),
        str(b["verified"]),
    )
