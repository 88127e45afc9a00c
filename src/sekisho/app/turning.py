"""Turning the wrapping keys: a new one, every data key under it, the old ones destroyed; by hand or when it is due."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from sekisho.adapters.ledgers.keystore import KeyStore
from sekisho.app import sealed
from sekisho.app.wire import Workspace
from sekisho.ground.errors import BadInput

ROUNDS = 5
"""How often what another process put under an older wrapping key meanwhile is taken up."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn did: the newest wrapping key, whether anything was to do, and the keys that are gone."""

    newest: int
    moved: bool
    destroyed: tuple[int, ...]


def turn(workspace: Workspace, *, if_due: bool) -> Turned:
    """Rotate, or only go on with what is due or was cut short; recorded where anything moved."""
    with closing(workspace.keystore) as store:
        half = len(store.status().wrapping) > 1
        if not half and (not if_due or store.due() <= workspace.clock()):
            store.rotate()
        moved, destroyed = _carry(store)
        newest = store.status().wrapping[-1]
    if moved:
        workspace.sealing.keys("rotated", workspace.actor(), newest.keys)
    return Turned(newest.id, moved, tuple(destroyed))


def turn_if_due(workspace: Workspace) -> None:
    """For the keeper: turn what is due, where there is a key store at all."""
    if sealed.where(workspace.settings).store.exists():
        turn(workspace, if_due=True)


def _carry(store: KeyStore) -> tuple[bool, list[int]]:
    """Rewrap and retire until one wrapping key is left; returns whether there was anything to do, and what is gone."""
    destroyed: list[int] = []
    for turns in range(ROUNDS):
        if len(store.status().wrapping) == 1:
            return turns > 0, destroyed
        place: int | None = 0
        while place is not None:
            place = store.rewrap(place)
        destroyed += store.retire()
    raise BadInput("others go on rotating these keys at the same time", help="run it once more when they are done")
