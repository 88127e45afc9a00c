"""What a door for decisions needs of a folder: who may ask, what people decide about, the books."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sekisho.adapters.ledgers.decisions import CLASH, STRANGER, Request, Taken, hash_of
from sekisho.app.wire import Workspace
from sekisho.ground.errors import SekishoError

EVERY = 1.0
"""Seconds between two looks at whether the policy or the clients changed."""

__all__ = ["CLASH", "STRANGER", "Door", "Request", "State", "Taken", "state_of"]


class State(NamedTuple):
    """The files that a folder's meaning follows from, each with its time and size."""

    files: tuple[tuple[str, int, int], ...]


def state_of(root: Path) -> State:
    """Return the state of a folder's policy, lock, settings and maps."""
    paths = [*root.glob("policy*"), root / "sekisho.toml", *root.glob("map/*")]
    found = []
    for path in sorted(paths):
        try:
            told = path.stat()
        except OSError:
            # a file that is being replaced: it is another state, and the next look sees the new one
            continue
        found.append((str(path), told.st_mtime_ns, told.st_size))
    return State(tuple(found))


class Door:
    """One folder, for a door; raises what `Workspace` raises where it cannot run at the beginning.

    A policy that no longer compiles later leaves the door with the last one that did: people must be able to withdraw.
    """

    def __init__(self, root: Path) -> None:
        self._state = state_of(root)
        self._open(Workspace(root))
        self._refresh_clients()
        self._looked = time.monotonic()

    def _open(self, workspace: Workspace) -> None:
        self._workspace, self.shown = workspace, workspace.shown
        self.stores = tuple(s.name for s in workspace.settings.stores)
        self.classes = {s.name: {t.subject for t in s.rules.tables if t.subject} for s in workspace.stores()}
        self._decisions = workspace.decisions
        # SQLite empties its journal when the last connection closes: one stays open between commits
        self._held = self._decisions.hold()

    def _refresh_clients(self) -> None:
        self._clients = {hash: name for name, hash, _ in self._decisions.clients()}

    def look(self) -> None:
        """Take up what changed on disk or among the clients, at most once a second."""
        if time.monotonic() - self._looked < EVERY:
            return
        self._looked = time.monotonic()
        self._refresh_clients()
        state = state_of(self._workspace.root)
        if state != self._state:
            try:
                fresh = Workspace(self._workspace.root)
            except SekishoError:
                # the keeper says what is wrong with it; this door keeps what it knows
                return
            self._state = state
            self._open(fresh)

    def client(self, key: str) -> str | None:
        """Return whose key it is, or None."""
        return self._clients.get(hash_of(key))

    def take(self, batch: Sequence[Request]) -> list[Taken]:
        """Make requests durable in one commit; each has its own outcome."""
        return self._decisions.take(batch)

    def positions(self) -> dict[str, int]:
        """Return store → how far it has followed, as far as it was told."""
        return self._decisions.positions()
