"""The policy as values: what a text means once it is read and resolved.

Everything here is frozen, compares by content and can be printed. Names are the field's terms (W3C DPV, APPI).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from sekisho.policy.source import Span

RESERVED_PURPOSES: Mapping[str, int] = {
    "ask-consent": 0,
    "answer-requests": 1,
    "comply-with-law": 2,
    "warn-people": 3,
    "migration": 4,
}
"""Purposes that exist in every policy, with their fixed numbers; 5 to 7 are kept free."""

FIRST_FREE_NUMBER = 8
MASK_BITS = 63
"""Standing masks are signed 64-bit integers; bit 63 stays unused so that every mask is positive."""


class Witness(Enum):
    """How finely a reading is recorded: by person, by table and statement, or only counted."""

    NAMED = "named"
    SCOPE = "scope"
    AGGREGATE = "aggregate"


class Action(Enum):
    """What a purpose may do to the rows it sees."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a use is allowed, in the words of the law profile: `notified`, `consent`, `exception: JP18-3-1` …

    `opt_in` is true where nobody stands before they said yes.
    """

    word: str
    detail: str = ""
    opt_in: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """How long data is kept: `months` and `days` after `anchor`, or until an event.

    `1 year after last order` is Keep(12, 0, "last order"); `until withdrawn` is Keep(0, 0, "", until="withdrawn").
    """

    months: int
    days: int
    anchor: str
    until: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A class of data subjects (DPV `dpv:DataSubject`), e.g. customer."""

    name: str
    clause: str
    means: str = ""
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Category:
    """A category of personal data, dotted (`contact.email`), with its DPV and fideslang names where it has them."""

    name: str
    clause: str = ""
    means: str = ""
    dpv: str = ""
    fides: str = ""
    special: bool = False
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Purpose:
    """A purpose of use: whose data (`of`), which categories (`uses`, all their descendants included), and why.

    `number` is its bit in the standing masks, given once and for ever by the lock.
    """

    name: str
    clause: str
    of: tuple[str, ...]
    uses: tuple[str, ...]
    because: Ground
    number: int
    keep: Keep | None = None
    witness: Witness = Witness.SCOPE
    may: tuple[Action, ...] = (Action.READ,)
    dpv: str = ""
    span: Span | None = field(default=None, compare=False)
    keep_span: Span | None = field(default=None, compare=False)

    @property
    def reserved(self) -> bool:
        """Whether this is one of the purposes that every policy has."""
        return self.name in RESERVED_PURPOSES


@dataclass(frozen=True, slots=True)
class Minors:
    """Under which age a guardian decides (APPI guideline 2-16; act 56/2026 art. 40-2 once in force)."""

    clause: str
    under: int
    who: str = "guardian"
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Procedure:
    """A promise that people keep: its owner and the date by which it is reviewed next."""

    name: str
    clause: str
    owner: str
    review: date
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the text as people read it, Markdown kept: `heading`, `paragraph`, `item`, `table` or `code`.

    `level` is that of a heading, or how deep in lists the piece stands; `mark` is the number of a numbered item.
    """

    kind: str
    level: int
    text: str
    clause: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A heading or list item with an id that is stable for ever; prose by language, promises by their index."""

    id: str
    kind: str
    level: int
    parent: str
    prose: Mapping[str, str]
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise of a kind that has no class of its own here: its name and its checked fields."""

    kind: str
    name: str
    clause: str
    fields: Mapping[str, object]
    span: Span | None = field(default=None, compare=False)
    keep_span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy, resolved: what people read and what the engine keeps, from one text."""

    name: str
    version: date
    effective: date
    signed_by: Mapping[str, str]
    controller: Mapping[str, str]
    law: tuple[str, ...]
    timezone: str
    languages: tuple[str, ...]
    original: str
    approvals: str
    clauses: tuple[Clause, ...]
    subjects: tuple[Subject, ...]
    categories: tuple[Category, ...]
    purposes: tuple[Purpose, ...]
    minors: tuple[Minors, ...]
    procedures: tuple[Procedure, ...]
    promises: tuple[Promise, ...]
    digest: str
    """SHA-256 over the digests of the texts of all languages, original first."""
    texts: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)
    """The text of each language as people read it."""
    front: Mapping[str, Span] = field(default_factory=dict, compare=False)
    """Where each fact of the front matter stands."""

    def purpose(self, name: str) -> Purpose | None:
        """Return the purpose of that name, reserved ones included, or None."""
        return next((p for p in self.purposes if p.name == name), None)

    def clause(self, id: str) -> Clause | None:
        """Return the clause of that id or None."""
        return next((c for c in self.clauses if c.id == id), None)


def covers(uses: tuple[str, ...], category: str) -> bool:
    """Say whether a list of categories covers one: itself or an ancestor of it is in the list."""
    return any(category == used or category.startswith(used + ".") for used in uses)
