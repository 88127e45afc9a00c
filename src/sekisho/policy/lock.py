"""The lock: numbers of purposes, given once and for ever, and what each translation was made from.

One line a fact, sorted, so that it merges well:

    8 shipping of=customer uses=contact.postal,name because=contract keep=1_year_after_last_order may=read witness=scope
    said shipping en 0f3a… 1c9b…

A purpose that is *widened* gets a new number, so that approvals given to the old one stay with the old one. A purpose
that is narrowed keeps its number and its line says the narrower meaning from then on: who approves of that has not
approved of more. Numbers of purposes that are gone stay retired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sekisho.policy import keep
from sekisho.policy.meaning import Meaning, meaning, narrower, wider
from sekisho.policy.model import FIRST_FREE_NUMBER, MASK_BITS, Action, Purpose, Witness
from sekisho.policy.source import Diagnostic, Severity, Source, Span, quoted

NAME = r"[a-z][a-z0-9-]*"
LINE = re.compile(
    rf"(?P<number>[0-9]{{1,4}}) (?P<name>{NAME}) of=(?P<of>{NAME}(?:,{NAME})*)"
    r" uses=(?P<uses>[a-z0-9.-]+(?:,[a-z0-9.-]+)*) because=(?P<because>[a-z-]+)(?P<opt>\+opt-in)?"
    r" keep=(?P<keep>[a-z0-9_-]+) may=(?P<may>[a-z]+(?:,[a-z]+)*) witness=(?P<witness>[a-z]+)\Z"
)
SAID = re.compile(
    rf"said (?P<clause>{NAME}) (?P<language>[a-z]{{2}}) (?P<original>[0-9a-f]{{16}}) (?P<text>[0-9a-f]{{16}})\Z"
)
CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
NO_END = "-"
WARN_AT = 48
NUMBERS = MASK_BITS - FIRST_FREE_NUMBER
RESTORE = "restore the lock from its history"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number and the meaning that is approved under it."""

    number: int
    name: str
    meaning: Meaning

    def line(self) -> str:
        """Return its line in the lock."""
        m = self.meaning
        kept = m.keep.text.replace(" ", "_") if m.keep is not None else NO_END
        return (
            f"{self.number} {self.name} of={','.join(m.of)} uses={','.join(m.uses)}"
            f" because={m.because}{'+opt-in' if m.opt_in else ''} keep={kept}"
            f" may={','.join(a.value for a in m.may)} witness={m.witness.value}"
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What a clause said in the original and in a translation when they were last seen to agree, as digests."""

    clause: str
    language: str
    original: str
    text: str

    def line(self) -> str:
        """Return its line in the lock."""
        return f"said {self.clause} {self.language} {self.original} {self.text}"


@dataclass(frozen=True, slots=True)
class Lock:
    """All numbers ever given, and all texts last seen to agree."""

    numbers: tuple[Numbered, ...] = ()
    said: tuple[Said, ...] = ()

    def text(self) -> str:
        """Return the lock as the text of its file."""
        lines = ["# Kept by `sekisho check`: numbers are given once and for ever. Commit this file with the policy."]
        lines += [n.line() for n in sorted(self.numbers, key=lambda n: n.number)]
        lines += sorted(s.line() for s in self.said)
        return "\n".join(lines) + "\n"


def read(source: Source) -> tuple[Lock, tuple[Diagnostic, ...]]:
    """Return the lock in a text and what is wrong with it."""
    numbers: dict[int, Numbered] = {}
    said: dict[tuple[str, str], Said] = {}
    found: list[Diagnostic] = []
    unread: list[Diagnostic] = []
    for row, start in enumerate(source.starts, 1):
        line = source.line(row)
        span = source.span(start, start + len(line))
        if not line.strip() or line.startswith("#"):
            continue
        if (one := _numbered(line)) is not None:
            wrong = _misgiven(one, numbers, source.span(start, start + line.index(" of=")))
            found += [wrong] if wrong is not None else []
            numbers.setdefault(one.number, one)
        elif (match := SAID.match(line)) is not None:
            said[match["clause"], match["language"]] = Said(**match.groupdict())
        else:
            unread.append(_unread(line, span))
    conflict = [u for u in unread if u.code == "lock-conflict"][:1]
    return Lock(tuple(numbers.values()), tuple(said.values())), tuple(conflict or [*found, *_first(unread)])


def _numbered(line: str) -> Numbered | None:
    match = LINE.match(line)
    if match is None:
        return None
    kept = keep.parse(match["keep"].replace("_", " "))
    try:
        may, witness = tuple(Action(a) for a in match["may"].split(",")), Witness(match["witness"])
    except ValueError:
        return None
    if kept is None and match["keep"] != NO_END:
        return None
    of, uses = (tuple(match[n].split(",")) for n in ("of", "uses"))
    return Numbered(
        int(match["number"]),
        match["name"],
        Meaning(of, uses, match["because"], bool(match["opt"]), kept, may, witness),
    )


def _misgiven(one: Numbered, numbers: dict[int, Numbered], span: Span) -> Diagnostic | None:
    if one.number in numbers:
        other = numbers[one.number].name
        message = f"number `{one.number}` is given to `{other}` and again to `{one.name}`"
        return Diagnostic("lock-twice", message, span, "keep the line that was published first; take the other out")
    if not FIRST_FREE_NUMBER <= one.number < MASK_BITS:
        message = f"number `{one.number}` is not one that a lock gives"
        return Diagnostic("lock-number", message, span, RESTORE)
    return None


def _unread(line: str, span: Span) -> Diagnostic:
    if line.startswith(CONFLICT):
        help = "keep the lock of the branch that was published, then run `sekisho check`"
        return Diagnostic("lock-conflict", "two versions of the lock meet here", span, help)
    return Diagnostic("lock-line", "this line of the lock cannot be read", span, RESTORE)


def _first(unread: list[Diagnostic]) -> list[Diagnostic]:
    """Return the first of the lines that cannot be read, with how many more there are: the remedy is one for all."""
    rest = len(unread) - 1
    return [replace(u, message=u.message + (f" ({rest} more like it)" if rest else "")) for u in unread[:1]]


def number(purposes: Iterable[Purpose], lock: Lock) -> tuple[tuple[Purpose, ...], Lock, tuple[Diagnostic, ...]]:
    """Give each purpose its number, new ones where it is new or widened; returns the lock that then holds."""
    given = {n.number: n for n in lock.numbers}
    found: list[Diagnostic] = []
    numbered = []
    for purpose in purposes:
        latest = max((n for n in given.values() if n.name == purpose.name), key=lambda n: n.number, default=None)
        now = meaning(purpose)
        more = wider(purpose.name, latest.meaning, now) if latest is not None else []
        if latest is not None and not more:
            found += _narrowed(purpose, latest, now)
            given[latest.number] = replace(latest, meaning=now)
            numbered.append(replace(purpose, number=latest.number))
            continue
        free = max(given, default=FIRST_FREE_NUMBER - 1) + 1
        if free >= MASK_BITS:
            found.append(_full(purpose))
            continue
        if latest is not None:
            found.append(_widened(purpose, more))
        given[free] = Numbered(free, purpose.name, now)
        numbered.append(replace(purpose, number=free))
    highest = max(given, default=0)
    if numbered and highest >= WARN_AT:
        found.append(_crowded(numbered[-1], highest))
    return tuple(numbered), replace(lock, numbers=tuple(given.values())), tuple(found)


def _narrowed(purpose: Purpose, latest: Numbered, now: Meaning) -> list[Diagnostic]:
    less = narrower(purpose.name, latest.meaning, now)
    if not less:
        return []
    message = f"purpose `{purpose.name}` is narrowed: {'; '.join(less)}"
    help = "widening it again asks people anew; restore the lock if this was only tried out"
    return [Diagnostic("purpose-narrowed", message, purpose.span, help, Severity.NOTE)]


def _widened(purpose: Purpose, more: Sequence[str]) -> Diagnostic:
    message = f"purpose {quoted(purpose.name)} is widened: {'; '.join(more)}"
    help = "approvals given before do not count for it; people are asked anew"
    return Diagnostic("purpose-widened", message, purpose.span, help, Severity.WARNING)


def _full(purpose: Purpose) -> Diagnostic:
    message = f"there is no number left for `{purpose.name}`"
    help = f"split the policy: {NUMBERS} numbers exist, and retired ones are never given again"
    return Diagnostic("lock-full", message, purpose.span, help)


def _crowded(last: Purpose, highest: int) -> Diagnostic:
    message = f"{highest + 1 - FIRST_FREE_NUMBER} of {NUMBERS} numbers are given"
    help = "a policy as large as this wants splitting"
    return Diagnostic("lock-crowded", message, last.span, help, Severity.WARNING)
