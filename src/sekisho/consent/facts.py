"""Consent facts: what a person decided about one purpose, when, on which text; never changed, only followed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Decision(Enum):
    """What can be decided about a purpose."""

    GIVE = "give"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    OBJECT = "object"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class Fact:
    """A decision: `person` is a random id, `text` the SHA-256 of the words that were shown, `by` who decided."""

    person: str
    purpose: str
    number: int
    decision: Decision
    text: str
    version: str
    language: str
    method: str
    at: datetime
    by: str = "self"
