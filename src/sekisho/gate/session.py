"""Ports of the gate: what a store must offer so that people and services can pass with a permit.

Adapters implement them from above; the gate knows no database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sekisho.gate.decide import Ask
from sekisho.gate.permit import LoginKey, Permit

LEASE = timedelta(minutes=3)
"""How long opt-in purposes stay open without word from the service, which renews them each minute."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A permit that has been witnessed: its token (shown once, kept nowhere), content and serial in the store."""

    token: str
    permit: Permit
    serial: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave: column names, rows, how many, and the columns that the policy withholds, with why."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    count: int
    withheld: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading to be witnessed: the statement's fingerprint and whose rows were in the result, if known.

    `keys` are (class, key) pairs of the store; they become handles before they reach the log.
    """

    store: str
    purpose: str
    clause: str
    grade: str
    statement: str
    at: datetime
    rows: int
    keys: tuple[tuple[str, str], ...] = ()
    permit: str = ""


@dataclass(frozen=True, slots=True)
class Carried:
    """Something that a store recorded by itself (a permit, readings, a refusal), on its way to the evidence log."""

    kind: str
    at: datetime
    serial: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hole:
    """A way by which personal columns can be read without a purpose: what, who has it, and the remedy."""

    code: str
    who: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of a live check: when, what differs from what was applied, and by which ways one gets past."""

    store: str
    at: datetime
    differences: tuple[str, ...]
    holes: tuple[Hole, ...]
    unmapped: tuple[str, ...] = ()
    """Tables and columns that the map does not know: no purpose sees them, but nobody looks after them either."""

    @property
    def green(self) -> bool:
        """Whether the store is as it was applied."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Lease:
    """How a store stands to the service: how far it followed, until when it is open, how much waits to be witnessed."""

    position: int
    open_until: datetime | None
    """None where it was closed and nobody opened it since."""
    waiting: int


class Keys(Protocol):
    """Where the secrets of logins are kept, outside every store."""

    def key(self, store: str, login: str) -> LoginKey:
        """Return the login's key, made on first need."""


class Witness(Protocol):
    """Where permits, readings and refusals become durable before anything is given."""

    def permit_issued(self, issued: Issued, clause: str, reason: str) -> None:
        """Record a permit, and keep the reason's words apart; raises NotWitnessed, and then it is not handed out."""

    def reading(self, readings: Sequence[Reading]) -> None:
        """Record readings durably; raises NotWitnessed, and then rows must not be handed out in strict mode."""

    def carried(self, store: str, facts: Sequence[Carried]) -> None:
        """Record what a store witnessed by itself; raises NotWitnessed, and then the store keeps it."""

    def refused(self, store: str, ask: Ask, code: str, clause: str) -> None:
        """Record a refusal."""


class Passage(Protocol):
    """An open way through the gate under one permit; closing it ends the permit."""

    def run(self, sql: str, params: Sequence[Any] = ()) -> Answer:
        """Run one statement; raises Refused with the clause where the policy says no."""

    def tables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the tables that this purpose sees, each with its columns."""

    def close(self) -> None:
        """End the permit."""


class Store(Protocol):
    """A governed store: plan, apply, remove, issue, open, and the standing of its people."""

    name: str

    def open(self, ask: Ask) -> Passage:
        """Issue a permit, witness it, and open a session under it; raises Refused."""

    def position(self) -> int:
        """Return how far in the ledgers the store has followed."""

    def project(self, standing: Mapping[tuple[str, str], int], since: int, head: int) -> int | None:
        """Set the masks of people by (class, key) to what the ledgers said from `since` to `head`; committed on return.

        Returns how many rows of people changed. What is older than what the store holds changes nothing and gives 0;
        None where the store has not yet followed to `since`.
        """

    def minors(self, people: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which people, by (class, key), are under age by what their own rows say."""

    def exists(self, people: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Return which people, by (class, key), have a row of their own; raises StoreTrouble where none can be seen."""

    def lease(self) -> Lease:
        """Return how the store stands to the service; raises StoreTrouble where it is away or not applied."""

    def renew(self, head: int) -> datetime | None:
        """Open opt-in purposes for a while and return until when; None where the store is not at `head`."""
