"""The lookout: keeps the board of a folder for the pages, which only read it.

A page never verifies the log and never asks a store: it shows the last board and says when that was made. A board is
made anew when it is older than `FRESH`, behind the page that noticed; and at once when a file of the folder changed,
so that an edit shows at the next look.
"""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from pathlib import Path

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.app import journal, settings
from sekisho.app.audit import Audit, Audited
from sekisho.app.board import Board, look
from sekisho.app.wire import Workspace
from sekisho.evidence.log import Log
from sekisho.ground import stamp
from sekisho.ground.errors import SekishoError, StoreTrouble

FRESH = timedelta(seconds=30)
"""How old a board may be before the next look makes a new one."""

STALE = 4 * FRESH
"""From which age on a board is not shown without trying, and if that fails, not without saying so."""

AGAIN = timedelta(seconds=5)
"""How soon a folder that could not be read is tried again though no file of it changed."""

PATIENCE = 3.0
"""Seconds that a reader waits for a new board where the last one is stale."""

SHORT = 20_000
"""Entries that are verified before the first page is shown; a longer log is verified behind it."""

Prints = tuple[tuple[str, int, int], ...]


class Lookout:
    """Keeps the board of one folder; safe among threads."""

    def __init__(self, root: Path, clock: stamp.Clock = stamp.now) -> None:
        """Hold the folder; nothing is read before the first look."""
        self._root, self._clock = root.resolve(), clock
        self._lock, self._auditing, self._own = threading.Lock(), threading.Lock(), threading.local()
        self._prints: Prints | None = None
        self._board: Board | None = None
        self._trouble: SekishoError | None = None
        self._workspace: Workspace | None = None
        self._audit: Audit | None = None
        self._thread: threading.Thread | None = None
        self._tried = clock()

    def board(self) -> Board:
        """Return the board as it was last made; raises BadInput while the folder does not compile."""
        prints = fingerprint(self._root)
        with self._lock:
            if prints != self._prints or self._again():
                self._reopen(prints)
            found = self._there()
            if self._clock() - found.at < FRESH:
                return found
            thread = self._begin(prints)
        if self._clock() - found.at >= STALE:
            # nobody looked for a while, so the reader waits a moment rather than be told what is long past
            thread.join(PATIENCE)
        return self._there()

    def _again(self) -> bool:
        """Say whether it is time to try again: a mode or a lock is put right without any file that changes."""
        return self._trouble is not None and self._clock() - self._tried >= AGAIN

    def _there(self) -> Board:
        trouble, board = self._trouble, self._board
        if trouble is not None or board is None:
            raise trouble or AssertionError("a folder is either in trouble or has a board")
        return board

    def _begin(self, prints: Prints) -> threading.Thread:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._refresh, args=(prints,), daemon=True, name="lookout")
            self._thread.start()
        return self._thread

    def _reopen(self, prints: Prints) -> None:
        """Read the folder anew; a trouble is remembered for a while, or until a file changes again."""
        self._tried = self._clock()
        try:
            workspace = Workspace(self._root, self._clock)
            if self._audit is None:
                self._audit = Audit(workspace.signer.key, self._clock)
            if workspace.log.size <= SHORT:
                self._verify(self._audit, workspace.log)
            self._workspace, self._board = workspace, look(workspace, self._audit.last)
            self._trouble = None
        except SekishoError as error:
            self._trouble, self._board = error, None
        except OSError as error:
            trouble = StoreTrouble(f"a file cannot be read: {error.strerror}", help="look at its owner and mode")
            self._trouble, self._board = trouble, None
        self._prints = prints

    def _refresh(self, prints: Prints) -> None:
        """Make a new board behind the pages; when that fails the old one stays, with its own time on it."""
        try:
            workspace, audit = self._workspace, self._audit
            if workspace is not None and audit is not None:
                made = look(workspace, self._verify(audit, self._log_of(workspace)))
                with self._lock:
                    if self._prints == prints:
                        self._board = made
        except (SekishoError, OSError) as error:
            journal.write("board-stale", error=type(error).__name__)

    def _verify(self, audit: Audit, log: Log) -> Audited:
        """Verify a step further, unless another thread is at it: then what it found last is what is known."""
        if not self._auditing.acquire(blocking=False):
            return audit.last
        try:
            return audit.step(log)
        finally:
            self._auditing.release()

    def workspace(self) -> Workspace:
        """Return the folder as it was last opened; raises BadInput while it does not compile."""
        self.board()
        workspace = self._workspace
        if workspace is None:
            raise AssertionError("a board was made from a workspace")
        return workspace

    def log(self) -> Log:
        """Return the evidence log to read from, one for each thread."""
        return self._log_of(self.workspace())

    def _log_of(self, workspace: Workspace) -> Log:
        kept: Log | None = getattr(self._own, "log", None)
        if kept is None or kept.origin != workspace.settings.origin:
            kept = Log(SqliteLeaves(workspace.settings.books / "evidence.db"), workspace.settings.origin)
            self._own.log = kept
        return kept


def fingerprint(root: Path) -> Prints:
    """Return name, size and time of change of every file that a board is made from."""
    files = [settings.NAME, "policy.lock", *(p.name for p in root.glob("policy*.md"))]
    files += [f"map/{p.name}" for p in (root / "map").glob("*.yaml")]
    found = []
    for name in sorted(set(files)):
        try:
            state = os.stat(root / name)
        except OSError:
            continue
        found.append((name, state.st_size, state.st_mtime_ns))
    return tuple(found)
