"""Delivering what waits: each message looked at anew, witnessed, then handed over; whatever fails waits or ends.

Sending is *at least once*: when we are stopped between the server's yes and our own mark, the message goes again, with
the same Message-ID, by which receivers drop the second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sekisho.ground.errors import SekishoError, StoreTrouble
from sekisho.messages.compose import Letter
from sekisho.messages.ports import Door, Handed, Queue, Secrets, Standing, State, Verdict, Waiting, Witness

ATTEMPTS = 12
"""How often a server may put a message off before it is given up."""
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=4)
"""The first pause and the longest; each is twice the one before. Greylisting opens within minutes."""
AWAY = timedelta(minutes=1)
"""When a server is asked again that was not to be reached, which counts as no attempt."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a round did, and what the server said that kept it from doing more."""

    sent: int = 0
    suppressed: int = 0
    waiting: int = 0
    given_up: int = 0
    trouble: Handed | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of deliveries needs; `compose` makes the letter of a message, `attempt` a fresh random id."""

    queue: Queue
    door: Door
    standing: Standing
    witness: Witness
    compose: Callable[[Waiting, Secrets], Letter]
    attempt: Callable[[], str]
    clock: Callable[[], datetime]
    patience: timedelta | None = None
    """After how long no further message is begun; others may wait for the end of a round."""


def pause(attempts: int) -> timedelta:
    """Return how long a message waits after so many attempts."""
    return min(FIRST * (1 << min(attempts - 1, 20)), LONGEST)


def deliver(round: Round) -> Tally:
    """Deliver what is due; stops where the server is not to be reached, since the rest would fare no better."""
    done = dict.fromkeys(State, 0)
    trouble, began = None, round.clock()
    try:
        for id in round.queue.due(round.clock()):
            if round.patience is not None and round.clock() - began >= round.patience:
                break
            attempt = round.attempt()
            message = round.queue.claim(id, attempt, round.clock())
            if message is None:
                continue
            try:
                state, handed = _one(round, message, attempt)
            except SekishoError:
                # what cannot be witnessed is not sent: it waits, and whoever runs this is told
                round.queue.release(id, attempt, round.clock() + AWAY, "not-witnessed", counted=False)
                raise
            done[state] += 1
            if handed is not None and handed.verdict is not Verdict.TAKEN:
                trouble = handed
            if handed is not None and handed.verdict is Verdict.AWAY:
                break
    finally:
        round.door.close()
    return Tally(done[State.SENT], done[State.SUPPRESSED], done[State.WAITING], done[State.GIVEN_UP], trouble)


def _one(round: Round, message: Waiting, attempt: str) -> tuple[State, Handed | None]:
    now = round.clock()
    secrets = round.queue.secrets(message.id)
    if secrets is None or now >= message.until:
        outcome = "sealed" if secrets is None else "too-late"
        round.queue.end(message.id, attempt, State.GIVEN_UP, outcome, now)
        return State.GIVEN_UP, None
    try:
        reason = _reason(round.standing, message, secrets)
    except StoreTrouble:
        round.queue.release(message.id, attempt, now + AWAY, "standing-unknown", counted=False)
        return State.WAITING, None
    if reason:
        round.witness.suppressed(message, reason)
        round.queue.end(message.id, attempt, State.SUPPRESSED, reason, now)
        return State.SUPPRESSED, None
    letter = round.compose(message, secrets)
    handed = round.door.hand(letter, lambda: round.witness.sent(message))
    return _settle(round, message, attempt, handed), handed


def _reason(standing: Standing, message: Waiting, secrets: Secrets) -> str:
    """Return why a message does not go, or nothing; asked as it is sent, for a no may have come meanwhile."""
    if standing.stopped(secrets.address, message.purpose):
        return "do-not-contact"
    return "" if standing.may_write(message.person, message.purpose) else "not-standing"


def _settle(round: Round, message: Waiting, attempt: str, handed: Handed) -> State:
    now, outcome = round.clock(), f"{handed.step} {handed.code}".strip()
    if handed.verdict is Verdict.TAKEN:
        round.queue.end(message.id, attempt, State.SENT, outcome, now)
        return State.SENT
    if handed.verdict is Verdict.NEVER or (handed.verdict is Verdict.LATER and message.attempts >= ATTEMPTS):
        round.queue.end(message.id, attempt, State.GIVEN_UP, outcome, now)
        return State.GIVEN_UP
    away = handed.verdict is Verdict.AWAY
    next_at = now + (AWAY if away else pause(message.attempts))
    round.queue.release(message.id, attempt, next_at, outcome, counted=not away)
    return State.WAITING
