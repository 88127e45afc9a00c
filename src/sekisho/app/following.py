"""The follower: what doors take is carried into every store, and into the log, within a fraction of a second.

It runs beside the doors in a process of its own and learns of decisions by their number in the books alone, so it needs
no door and misses nothing of one that died.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sekisho.app.door import State, state_of
from sekisho.app.keeper import Keeper
from sekisho.app.wire import Store, Workspace
from sekisho.ground.errors import SekishoError

PAUSE = 0.02
"""Seconds between two looks at the books."""
AGAIN = 1.0
"""Seconds until what went wrong is tried again."""


class Follower:
    """Keeps the stores of one folder at the head of its books; `say` hears each trouble once."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        self._root, self._say = root, say
        self._state: State | None = None
        self._workspace: Workspace | None = None
        self._stores: list[Store] = []
        self._reached, self._told = -1, ""
        self._over = threading.Event()

    def start(self) -> threading.Thread:
        """Begin in a thread of its own, which ends with the program."""
        thread = threading.Thread(target=self._run, daemon=True, name="follower")
        thread.start()
        return thread

    def stop(self) -> None:
        """Do no further round."""
        self._over.set()

    def wait(self, seconds: float) -> None:
        """Wait for some seconds, or until it was stopped."""
        self._over.wait(seconds)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                trouble = self.round()
            except SekishoError as error:
                trouble = str(error)
            except Exception as error:  # noqa: BLE001 - a follower that dies silently lets stores fall behind: it says so
                trouble = f"{type(error).__name__}: {error}"
            if trouble != self._told:
                self._say(trouble or "right again")
                self._told = trouble
            self._over.wait(AGAIN if trouble else PAUSE)

    def round(self) -> str:
        """Carry what is new; returns what went wrong, in words, or nothing."""
        workspace = self._opened()
        head = workspace.consents.position()
        if head == self._reached:
            return ""
        troubles = [t for t in (self._carry(workspace, store) for store in self._stores) if t]
        try:
            workspace.note()
        except SekishoError as error:
            # a decision is obeyed even where it cannot be witnessed yet
            troubles.append(f"evidence: {error}")
        self._reached = -1 if troubles else head
        return "; ".join(troubles)

    @staticmethod
    def _carry(workspace: Workspace, store: Store) -> str:
        try:
            workspace.follow(store)
            workspace.decisions.followed(store.name, store.position())
        except SekishoError as error:
            return f"{store.name}: {error}"
        return ""

    def _opened(self) -> Workspace:
        """Return the folder as it is now: another policy has other numbers."""
        state = state_of(self._root)
        if self._workspace is None or state != self._state:
            self._workspace = Workspace(self._root)
            self._stores, self._state, self._reached = self._workspace.stores(), state, -1
        return self._workspace


def beside(root: str, parent: int) -> None:
    """Run keeper and follower in this process until its parent has ended; for a process that was spawned.

    Not in threads of the server: it forks its workers, and a lock that another thread holds then is never let go there.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Keeper(Path(root), lambda line: _tell(f"keeper: {line}")).start()
    follower = Follower(Path(root), lambda line: _tell(f"follower: {line}"))
    follower.start()
    while os.getppid() == parent:
        follower.wait(AGAIN)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
