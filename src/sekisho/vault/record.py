"""Records: what is known of a person by category, divided into sensitivity classes, each sealed as one text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import msgspec

from sekisho.ground import canon
from sekisho.ground.errors import BadInput, Tampered
from sekisho.ground.personal import Personal
from sekisho.policy.model import Policy, covers
from sekisho.vault.blind import Identifier
from sekisho.vault.seal import about

SEAL = "seal"
"""For what a value is opened here: only to be sealed."""

Values = Mapping[str, Personal[str]]
"""Category of the policy → value."""


class Sensitivity(IntEnum):
    """What is sealed together; `special` is a category that the policy marks `special: yes`, with all below it."""

    ORDINARY = 0
    SPECIAL = 1


@dataclass(frozen=True, slots=True)
class New:
    """Something that came in about somebody of a class of people.

    `key` is the caller's own word for it: what comes twice under one key is one record. `person` is whom it belongs to,
    a new person when none is named. `fresh` says that the person gave it anew: who was erased may come again then.
    """

    subject: str
    values: Values
    identifiers: tuple[Identifier, ...] = ()
    key: str = ""
    person: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """What a purpose may see of a record: its values, and the categories that are withheld from it."""

    id: str
    values: Values
    withheld: tuple[str, ...]


def sensitivity(policy: Policy, category: str) -> Sensitivity:
    """Return the class in which a category is sealed."""
    special = any(c.special and covers((c.name,), category) for c in policy.categories)
    return Sensitivity.SPECIAL if special else Sensitivity.ORDINARY


def divide(policy: Policy, subject: str, values: Values) -> dict[Sensitivity, dict[str, str]]:
    """Return the values by sensitivity class, as texts; raises BadInput where the policy knows no such thing."""
    if all(s.name != subject for s in policy.subjects):
        known = ", ".join(s.name for s in policy.subjects)
        raise BadInput(f"`{subject[:60]}` is not a class of people in the policy", help=f"use one of: {known}")
    if not values:
        raise BadInput("a record holds something", help="give it at least one value")
    known_names = {c.name for c in policy.categories}
    found: dict[Sensitivity, dict[str, str]] = {}
    for category, value in values.items():
        if category not in known_names:
            raise BadInput(
                f"`{category[:60]}` is not a category of the policy", help="declare it there: `data: …`, or use another"
            )
        text = value.reveal(SEAL)
        if not isinstance(text, str):
            raise BadInput(f"the value of `{category}` is not a text", help="write it as one")
        found.setdefault(sensitivity(policy, category), {})[category] = text
    return found


def belongs(person: bytes, record: bytes, sealed_as: Sensitivity, version: int) -> bytes:
    """Return what a sealed text of the vault is bound to: table, class, person, record and version."""
    return about("vault_record", sealed_as.name.lower(), person.hex(), record.hex(), version)


def pack(texts: Mapping[str, str]) -> bytes:
    """Return the bytes that are sealed: canonical JSON; raises BadInput for half a character."""
    try:
        return canon.encode(dict(texts))
    except (UnicodeEncodeError, TypeError, ValueError):
        raise BadInput("a value is not a text that can be written", help="it holds half a character") from None


_TEXTS = msgspec.json.Decoder(dict[str, str])


def unpack(plain: bytes) -> dict[str, str]:
    """Return the texts by category."""
    try:
        return _TEXTS.decode(plain)
    except msgspec.DecodeError:
        raise Tampered("a record opens and is none", help="compare with a backup") from None


@lru_cache(4096)
def sees(uses: tuple[str, ...], category: str) -> bool:
    """Say whether these categories see one; the empty name covers every category."""
    return uses == ("",) or covers(uses, category)


def shown(id: str, opened: Iterable[Mapping[str, str]], uses: tuple[str, ...]) -> Record:
    """Return what these categories see of a record's opened parts, and what they do not."""
    values: dict[str, Personal[str]] = {}
    withheld: list[str] = []
    for texts in opened:
        for category, text in texts.items():
            if sees(uses, category):
                values[category] = Personal(text)
            else:
                withheld.append(category)
    return Record(id, values, tuple(sorted(withheld)))
