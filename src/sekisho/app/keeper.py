"""The keeper: what must be done each minute while pages are served, and said aloud when it cannot be done.

It opens the folder anew each time. A policy that no longer compiles therefore lets the leases lapse: what needs a yes
closes by itself, and the keeper says why.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from sekisho.app import heartbeat, journal, settings, unfinished
from sekisho.app.post import keep_mail
from sekisho.app.turning import turn_if_due
from sekisho.app.wire import Workspace
from sekisho.evidence import note as notes
from sekisho.ground import stamp
from sekisho.ground.errors import SekishoError, StoreTrouble

EVERY = 60.0
"""Seconds between two rounds."""


class Keeper:
    """Keeps the stores of one folder; `say` is told each trouble once, and again when it is over."""

    def __init__(self, root: Path, say: Callable[[str], None], clock: stamp.Clock = stamp.now) -> None:
        self._root, self._say, self._clock = root, say, clock
        self._told: Mapping[str, str] = {}
        self._over = threading.Event()

    def start(self) -> threading.Thread:
        """Begin in a thread of its own, which ends with the program."""
        thread = threading.Thread(target=self._run, daemon=True, name="keeper")
        thread.start()
        return thread

    def stop(self) -> None:
        """Do no further round."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.is_set():
            self.round()
            self._over.wait(EVERY)

    def leave(self) -> None:
        """Do no further round, and take the word back: nobody keeps these books any more."""
        self.stop()
        with suppress(SekishoError, OSError):
            # where the folder is gone there is no word to take back
            heartbeat.withdraw(settings.read(self._root).books)

    def round(self) -> Mapping[str, str]:
        """Do what is due now; returns where → what went wrong."""
        began = time.monotonic()
        try:
            troubles = dict(self._due(Workspace(self._root, self._clock)))
        except SekishoError as error:
            troubles = {"policy": _words(error)}
        except Exception as error:  # noqa: BLE001 - a keeper that dies silently lets every lease lapse: it says so and goes on
            # its message may hold what a library was given, so only its kind and place are told
            journal.fault(error)
            troubles = {"round": " in ".join(journal.told(error).values())}
        self._tell(troubles)
        self._leave_word(troubles)
        journal.write("keeper-round", troubles=len(troubles), ms=int((time.monotonic() - began) * 1000))
        return troubles

    def _leave_word(self, troubles: Mapping[str, str]) -> None:
        try:
            heartbeat.give(settings.read(self._root).books, self._clock(), troubles)
        except (SekishoError, OSError) as error:
            # without the word the pages say that nobody keeps the books, which is as near as can be
            journal.write("keeper-trouble", where="word")
            self._say(f"word: {type(error).__name__}")

    @staticmethod
    def _due(workspace: Workspace) -> dict[str, str]:
        try:
            unfinished.refuse(workspace.settings.books)
        except SekishoError as error:
            return {"restore": _words(error)}
        troubles = workspace.keep()
        for where, deed in (("checkpoint", _sign), ("mail", _deliver), ("keys", turn_if_due)):
            try:
                deed(workspace)
            except SekishoError as error:
                troubles[where] = _words(error)
        return troubles

    def _tell(self, troubles: Mapping[str, str]) -> None:
        for where, what in troubles.items():
            if self._told.get(where) != what:
                journal.write("keeper-trouble", where=where)
                self._say(f"{where}: {what}")
        for where in self._told.keys() - troubles.keys():
            journal.write("keeper-right", where=where)
            self._say(f"{where}: right again")
        self._told = troubles


def _sign(workspace: Workspace) -> None:
    """Sign a checkpoint where the log has grown."""
    known = workspace.log.store.checkpoints(1)
    signed = notes.Checkpoint.parse(known[0]).size if known else 0
    if workspace.log.size > signed:
        workspace.log.checkpoint(workspace.signer)


def _deliver(workspace: Workspace) -> None:
    """Deliver messages that are due; raises StoreTrouble where the mail server is away."""
    trouble = keep_mail(workspace)
    if trouble:
        raise StoreTrouble(trouble)


def _words(error: SekishoError) -> str:
    return f"{error} ({error.help})" if error.help else str(error)
