"""Readings on their way to the witness: at once, or packed in batches whose delay and number are bounded.

A batch that cannot be witnessed is kept and tried again, and until then nothing more is given. So what a crash can
lose is bounded, and what a failing witness can lose is nothing.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg

from sekisho.ground import stamp
from sekisho.ground.errors import NotWitnessed

People = tuple[tuple[str, str], ...]
Connection = psycopg.Connection[tuple[Any, ...]]
WITNESS = "select sekisho.witness_readings(%s::jsonb)"


@dataclass(frozen=True, slots=True)
class Strict:
    """Each reading is durable before its rows are handed over."""


@dataclass(frozen=True, slots=True)
class Batched:
    """Readings are durable after at most `seconds`, or once `readings` of them wait; a crash loses no more."""

    seconds: float = 0.2
    readings: int = 1000


STRICT = Strict()

_One = tuple[float, str, str, str, int, People | None]
"""seconds since the epoch, purpose, permit, fingerprint, rows, people."""


class Readings:
    """What waits to be witnessed through one connection of the witness."""

    def __init__(self, db: Connection, mode: Strict | Batched, actor: str) -> None:
        """Begin for the service of that handle; a batched one has a thread that empties it."""
        self._db, self._mode, self._actor = db, mode, actor
        self._waiting: deque[_One] = deque()
        self._guard = threading.Lock()
        self._wake, self._closing, self._failed = threading.Event(), False, False
        self._thread: threading.Thread | None = None
        if isinstance(mode, Batched):
            self._thread = threading.Thread(target=self._empty, name="sekisho readings", daemon=True)
            self._thread.start()

    def ready(self) -> None:
        """Raise NotWitnessed while what waits could not be witnessed: nothing more is given then."""
        if self._failed:
            raise NotWitnessed("readings could not be witnessed", help="see why the store does not take them")

    def read(self, purpose: str, permit: str, fingerprint: str, rows: int, people: People | None) -> None:
        """Take one reading; durable on return when the mode is strict."""
        one = (time.time(), purpose, permit, fingerprint, rows, people)
        if not isinstance(self._mode, Batched):
            with self._guard:
                self._execute(_packed([one], self._actor))
            return
        self._waiting.append(one)
        if len(self._waiting) >= self._mode.readings:
            self._wake.set()
            if len(self._waiting) >= 2 * self._mode.readings:
                # the thread does not keep up: whoever reads on waits here, so that the bound holds
                self.flush()

    def refused(self, purpose: str, code: str) -> None:
        """Witness a refusal at once."""
        body = {"kind": "refusal", "purpose": purpose, "data": {"actor": self._actor, "code": code}}
        with self._guard:
            self._execute([body])

    def flush(self) -> None:
        """Witness what waits, now."""
        with self._guard:
            # appended to without the guard, so it is emptied from its front and never replaced
            batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not batch:
                return
            try:
                self._execute(_packed(batch, self._actor))
                self._failed = False
            except NotWitnessed:
                self._waiting.extendleft(reversed(batch))
                self._failed = True
                raise

    def close(self) -> None:
        """End the thread and witness what waits."""
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def _empty(self) -> None:
        seconds = self._mode.seconds if isinstance(self._mode, Batched) else 0.0
        while not self._closing:
            self._wake.wait(seconds)
            self._wake.clear()
            try:
                self.flush()
            except NotWitnessed:
                # it is kept; `ready` refuses until a later try succeeds
                continue

    def _execute(self, bodies: list[dict[str, Any]]) -> None:
        try:
            self._db.execute(WITNESS, (msgspec.json.encode(bodies).decode(),))
        except psycopg.Error as error:
            raise NotWitnessed(
                "readings could not be witnessed", help="see why the store does not take them"
            ) from error


def _packed(ones: list[_One], actor: str) -> list[dict[str, Any]]:
    """Return one body for each purpose, permit and grade; each statement's fingerprint stands once."""
    groups: dict[tuple[str, str, bool], dict[str, Any]] = {}
    fingerprints: dict[tuple[str, str, bool], dict[str, int]] = {}
    for at, purpose, permit, fingerprint, rows, people in ones:
        group = (purpose, permit, people is not None)
        body = groups.get(group)
        if body is None:
            grade = "named" if people is not None else "scope"
            data: dict[str, Any] = {"grade": grade, "actor": actor, "permit": permit}
            since = stamp.rfc3339(datetime.fromtimestamp(at, UTC))
            data |= {"since": since, "statements": [], "which": [], "rows": [], "keys": []}
            body = groups[group] = {"kind": "readings", "purpose": purpose, "data": data}
            fingerprints[group] = {}
        known, data = fingerprints[group], body["data"]
        if fingerprint not in known:
            known[fingerprint] = len(known)
            data["statements"].append(fingerprint)
        data["which"].append(known[fingerprint])
        data["rows"].append(rows)
        data["keys"].append(people or ())
    return list(groups.values())
