"""The lock: numbers of purposes, given once and for ever, and what each translation was made from.

One line a fact, sorted, so that it merges well:

    8 shipping of=customer uses=contact.postal,name because=notified
    said shipping 0f3a… ja:1c9b…

A purpose that is *widened* gets a new number, so that approvals given to the old one stay with the old one. The line
keeps the widest meaning that was approved under its number. Numbers of purposes that are gone stay retired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sekisho.policy.model import FIRST_FREE_NUMBER, MASK_BITS, Purpose, covers
from sekisho.policy.source import Diagnostic, Severity, Source

LINE = re.compile(r"(\d+) ([a-z0-9-]+) of=([a-z0-9,-]*) uses=([a-z0-9.,-]*) because=([a-z-]+)(\+opt-in)?\Z")
SAID = re.compile(r"said ([a-z0-9-]+) ([0-9a-f]{16})((?: [a-z]{2}:[0-9a-f]{16})*)\Z")
WARN_AT = 48


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number and the meaning that was approved under it."""

    number: int
    name: str
    of: tuple[str, ...]
    uses: tuple[str, ...]
    because: str
    opt_in: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a clause said in the original, and each translation's text, when they were last seen to agree."""

    original: str
    translations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lock:
    """All numbers ever given, and all texts last seen to agree."""

    numbers: tuple[Numbered, ...] = ()
    said: tuple[tuple[str, Said], ...] = ()

    def text(self) -> str:
        """Return the lock as the text of its file."""
        lines = ["# Kept by `sekisho check`: numbers are given once and for ever. Commit this file with the policy."]
        for n in sorted(self.numbers, key=lambda n: n.number):
            yes = "+opt-in" if n.opt_in else ""
            lines.append(f"{n.number} {n.name} of={','.join(n.of)} uses={','.join(n.uses)} because={n.because}{yes}")
        for clause, said in sorted(self.said):
            others = "".join(f" {lang}:{digest}" for lang, digest in sorted(said.translations.items()))
            lines.append(f"said {clause} {said.original}{others}")
        return "\n".join(lines) + "\n"


def read(source: Source) -> tuple[Lock, tuple[Diagnostic, ...]]:
    """Return the lock in a text and what is wrong with it."""
    numbers: dict[int, Numbered] = {}
    said: dict[str, Said] = {}
    found: list[Diagnostic] = []
    for row, start in enumerate(source.starts, 1):
        line = source.line(row)
        span = source.span(start, start + len(line))
        if not line.strip() or line.startswith("#"):
            continue
        if match := LINE.match(line):
            number = int(match[1])
            if number in numbers or not FIRST_FREE_NUMBER <= number < MASK_BITS:
                found.append(
                    Diagnostic(
                        "lock-number",
                        f"number `{number}` cannot be given again",
                        span,
                        "restore the lock from its history",
                    )
                )
                continue
            of, uses = (tuple(filter(None, match[i].split(","))) for i in (3, 4))
            numbers[number] = Numbered(number, match[2], of, uses, match[5], bool(match[6]))
        elif match := SAID.match(line):
            pairs = (part.partition(":") for part in match[3].split())
            said[match[1]] = Said(match[2], {lang: digest for lang, _, digest in pairs})
        else:
            found.append(
                Diagnostic(
                    "lock-line",
                    "this line of the lock cannot be read",
                    span,
                    "restore it from its history; never edit it by hand",
                )
            )
    return Lock(tuple(numbers.values()), tuple(said.items())), tuple(found)


def widened(purpose: Purpose, approved: Numbered) -> list[str]:
    """Return in words how a purpose goes beyond what was approved under a number; empty where it does not."""
    more = [f"`{c}` is added to the people" for c in purpose.of if c not in approved.of]
    more += [f"`{c}` is added to the data" for c in purpose.uses if not covers(approved.uses, c)]
    if approved.opt_in and not purpose.because.opt_in:
        more.append("consent is no longer asked")
    return more


def number(purposes: Iterable[Purpose], lock: Lock) -> tuple[tuple[Purpose, ...], Lock, tuple[Diagnostic, ...]]:
    """Give each purpose its number, new ones where it is new or widened; returns the lock that then holds."""
    given, found = list(lock.numbers), []
    numbered = []
    for purpose in purposes:
        latest = max((n for n in given if n.name == purpose.name), key=lambda n: n.number, default=None)
        if latest is None or widened(purpose, latest):
            free = max((n.number for n in given), default=FIRST_FREE_NUMBER - 1) + 1
            if free >= MASK_BITS:
                found.append(
                    Diagnostic(
                        "lock-full",
                        f"there is no number left for `{purpose.name}`",
                        purpose.span,
                        "retire purposes; 55 numbers exist",
                    )
                )
                continue
            if latest is not None:
                how = ", ".join(widened(purpose, latest))
                found.append(
                    Diagnostic(
                        "purpose-widened",
                        f"purpose `{purpose.name}` is widened: {how}",
                        purpose.span,
                        "approvals given before do not count for it; people are asked anew",
                        Severity.WARNING,
                    )
                )
            latest = Numbered(
                free, purpose.name, purpose.of, purpose.uses, purpose.because.word, purpose.because.opt_in
            )
            given.append(latest)
        numbered.append(replace(purpose, number=latest.number))
    if len(given) + FIRST_FREE_NUMBER > WARN_AT:
        found.append(
            Diagnostic(
                "lock-crowded",
                f"{len(given)} numbers of 55 are given",
                None,
                "a policy this large wants splitting",
                Severity.WARNING,
            )
        )
    return tuple(numbered), replace(lock, numbers=tuple(given)), tuple(found)
