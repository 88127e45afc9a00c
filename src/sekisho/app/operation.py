"""How the running service stands: what keeps it from being ready, and the figures that are watched.

One look serves every question of the next seconds, so that whoever asks often costs no store anything.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sekisho.adapters.ledgers.evidence_probe import takes_entries
from sekisho.app import heartbeat, unfinished
from sekisho.app.lookout import Lookout
from sekisho.app.post import MailBooks
from sekisho.app.wire import Store, Workspace
from sekisho.gate.session import Lease
from sekisho.ground import stamp
from sekisho.ground.errors import SekishoError

FRESH = timedelta(seconds=5)
"""How long a look serves."""

FAR = 2**62
"""A number that no ledger reaches: nobody changed after it."""

EVER = timedelta(days=3650)
"""Until when messages count as waiting: all of them."""

MANY = 1000
"""Decisions that are counted where they wait to be witnessed."""

REASONS = {
    "policy": "the policy does not compile",
    "restore": "a restore is not finished",
    "books": "people and consent cannot be read",
    "evidence": "the evidence log takes no entry",
    "keeper": "the keeper was not heard of for two minutes",
    "store-away": "a store does not answer, or nothing is applied to it",
    "lease-lapsed": "a store's lease is over: what needs a yes is closed there",
}
"""Why a service is not ready, as codes."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that keeps the service from being ready: its code, and the store where it is one."""

    code: str
    store: str = ""


@dataclass(frozen=True, slots=True)
class StoreState:
    """A store as it answered: its lease, or None where it did not."""

    name: str
    lease: Lease | None


@dataclass(frozen=True, slots=True)
class State:
    """One look at the running service."""

    at: datetime
    reasons: tuple[Reason, ...]
    stores: tuple[StoreState, ...] = ()
    head: int | None = None
    """How many changes of standing the ledgers hold; stores follow to there."""
    unwitnessed: int | None = None
    """Decisions in the consent ledger that are not in the evidence log yet; counted up to MANY."""
    word: heartbeat.Word | None = None
    messages: int | None = 0
    """Messages that wait for the mail server."""

    @property
    def ready(self) -> bool:
        """Whether nothing is in the way."""
        return not self.reasons


class Watch:
    """Looks at the running service; safe among threads."""

    def __init__(self, lookout: Lookout, clock: stamp.Clock = stamp.now) -> None:
        """Hold the lookout, which opens the folder."""
        self._lookout, self._clock, self._lock = lookout, clock, threading.Lock()
        self._last: State | None = None

    def state(self) -> State:
        """Return how the service stands, as of some seconds ago; who asks while another looks gets the last look.

        A store that is away takes seconds to say nothing, and must not hold up everybody who asks.
        """
        last = self._last
        if last is not None and self._clock() - last.at < FRESH:
            return last
        if not self._lock.acquire(blocking=last is None):
            return last or self.state()
        try:
            if self._last is None or self._clock() - self._last.at >= FRESH:
                self._last = self._look()
            return self._last
        finally:
            self._lock.release()

    def _look(self) -> State:
        try:
            workspace = self._lookout.workspace()
        except SekishoError:
            return State(self._clock(), (Reason("policy"),))
        return look(workspace)


def look(workspace: Workspace) -> State:
    """Return how the service of a folder stands now."""
    now, books = workspace.clock(), workspace.settings.books
    reasons: list[Reason] = []
    stores = tuple(StoreState(s.name, _lease(s)) for s in workspace.stores())
    for store in stores:
        if store.lease is None:
            reasons.append(Reason("store-away", store.name))
        elif store.lease.open_until is None or store.lease.open_until <= now:
            reasons.append(Reason("lease-lapsed", store.name))
    if unfinished.state(books):
        reasons.append(Reason("restore"))
    head, unwitnessed = _ledgers(workspace)
    if head is None:
        reasons.append(Reason("books"))
    word = heartbeat.hear(books)
    if not _takes_entries(workspace, books / "evidence.db", word):
        reasons.append(Reason("evidence"))
    if word is None or not word.fresh(now):
        reasons.append(Reason("keeper"))
    return State(now, tuple(reasons), stores, head, unwitnessed, word, _messages(workspace))


def _messages(workspace: Workspace) -> int | None:
    mail = MailBooks(workspace.settings)
    try:
        return len(mail.queue.due(workspace.clock() + EVER)) if mail.begun else 0
    except Exception:  # noqa: BLE001 - as above: what cannot be counted is left out
        return None


def _lease(store: Store) -> Lease | None:
    try:
        return store.lease()
    except Exception:  # noqa: BLE001 - what watches must not fall with what it watches; any error is no answer
        return None


def _ledgers(workspace: Workspace) -> tuple[int | None, int | None]:
    """Return the head of the changes of standing, and how many decisions wait to be witnessed; None for unknown."""
    try:
        head, _ = workspace.consents.changes(FAR)
    except SekishoError:
        return None, None
    try:
        return head, len(workspace.consents.after(workspace.log.count_by(kind="consent-decision"), MANY))
    except SekishoError:
        return head, None


def _takes_entries(workspace: Workspace, ledger: Path, word: heartbeat.Word | None) -> bool:
    if word is not None and {"evidence", "checkpoint"} & set(word.troubles):
        return False
    try:
        return workspace.log.size >= 0 and takes_entries(ledger)
    except SekishoError:
        return False
