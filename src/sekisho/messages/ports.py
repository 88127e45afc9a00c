"""Ports of the mail door: who keeps messages, who takes them, who says whether they may go, who remembers that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from sekisho.messages.address import Address
from sekisho.messages.compose import Letter


class State(Enum):
    """What became of a message."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a message carries, sealed as long as it waits and gone with it."""

    address: Address
    code: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    page: str = ""
    stop: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message in the queue: for whom (a random id), why, which text, and how it fared so far."""

    id: str
    person: str
    purpose: str
    template: str
    language: str
    made: datetime
    until: datetime
    state: State = State.WAITING
    attempts: int = 0
    next_at: datetime | None = None
    outcome: str = ""


class Verdict(Enum):
    """What a server did with a message: took it, wants it later, will never take it, or was not to be reached."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Handed:
    """The outcome of handing a message over: the step it came to, what the server answered, and the remedy.

    `said` is the server's own text; it may repeat an address, so it is shown to whoever asked and kept nowhere.
    """

    verdict: Verdict
    step: str
    code: str
    says: str
    help: str = ""
    said: str = field(default="", repr=False)


class Door(Protocol):
    """A way out."""

    def hand(self, letter: Letter, before: Callable[[], None]) -> Handed:
        """Hand a letter to the server; `before` is called when all is ready, and what it raises stops the letter."""

    def close(self) -> None:
        """End the way."""


class Queue(Protocol):
    """Where messages wait."""

    def due(self, now: datetime) -> Sequence[str]:
        """Return the ids of the messages whose time has come, oldest first."""

    def claim(self, id: str, attempt: str, now: datetime) -> Waiting | None:
        """Take a message for one attempt; None where somebody else has it or it is done."""

    def secrets(self, id: str) -> Secrets | None:
        """Return what a message carries, or None where it cannot be opened."""

    def release(self, id: str, attempt: str, next_at: datetime, outcome: str, *, counted: bool) -> None:
        """Put a message back until later; an attempt that did not reach a server need not count."""

    def end(self, id: str, attempt: str, state: State, outcome: str, now: datetime) -> None:
        """Say what became of a message, and forget what it carried."""


class Standing(Protocol):
    """Whether somebody may be written to."""

    def may_write(self, person: str, purpose: str) -> bool:
        """Say whether a person stands for a purpose that may use an e-mail address; StoreTrouble where unknown."""

    def stopped(self, address: Address, purpose: str) -> bool:
        """Say whether an address is on the do-not-contact list for a purpose."""


class Witness(Protocol):
    """Where sending and not sending becomes evidence."""

    def sent(self, message: Waiting) -> None:
        """Record that a message is handed to the server now; raises NotWitnessed, and then it is not."""

    def suppressed(self, message: Waiting, reason: str) -> None:
        """Record that a message is not sent, and why."""
