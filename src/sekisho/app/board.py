"""The board: how everything stands, looked at in the background and kept for the pages, which only read it.

A page never verifies the log and never asks a store: it shows the last board and says when that was made. A board is
made anew when it is older than `FRESH`, behind the page that noticed; and at once when a file of the folder changed,
so that an edit shows at the next look.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.app import settings
from sekisho.app.audit import Audit, Audited
from sekisho.app.folder import store_fact
from sekisho.app.releases import Published, current, published
from sekisho.app.wire import Store, Workspace
from sekisho.compiler.rules import RuleSet
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import KINDS
from sekisho.evidence.log import Log
from sekisho.gate.session import Check
from sekisho.ground import stamp
from sekisho.ground.errors import SekishoError, StoreTrouble
from sekisho.policy.coverage import Facts, Figures, Kept, coverage, figures
from sekisho.policy.model import Policy

FRESH = timedelta(seconds=30)
"""How old a board may be before the next look makes a new one."""

STALE = 4 * FRESH
"""From which age on a board is not shown without trying, and if that fails, not without saying so."""

PATIENCE = 3.0
"""Seconds that a reader waits for a new board where the last one is stale."""

SHORT = 20_000
"""Entries that are verified before the first page is shown; a longer log is verified behind it."""

Prints = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store as pages show it: what guards it, its last check, and what it holds."""

    name: str
    engine: str
    check: Check
    answers: bool
    applied: bool
    tables: int
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """One line of the data map: in this store, this category is shown to this purpose."""

    store: str
    category: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Point:
    """A signed checkpoint: how many entries it covers, its root, and the note itself."""

    size: int
    root: str
    text: str


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The newest checkpoint that an outsider signed: who, over how many entries, when."""

    cosigner: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """One look at everything."""

    at: datetime
    policy: Policy
    kept: tuple[Kept, ...]
    figures: Figures
    stores: tuple[StoreView, ...]
    flows: tuple[Flow, ...]
    audited: Audited
    kinds: tuple[tuple[str, int], ...]
    checkpoints: tuple[Point, ...]
    cosigned: Cosigned | None
    versions: tuple[Published, ...]
    versions_trouble: str
    digest: str
    """The content hash of the release that the present texts make."""
    origin: str
    key: str
    """The verifier key of the log's checkpoints."""

    def kept_as(self, clause: str) -> Kept | None:
        """Return how a clause is kept, or None where there is no such clause."""
        return next((k for k in self.kept if k.clause == clause), None)

    @property
    def entries(self) -> int:
        """How many entries of evidence there were."""
        return sum(n for _, n in self.kinds)


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

    def board(self) -> Board:
        """Return the board as it was last made; raises BadInput while the folder does not compile."""
        prints = fingerprint(self._root)
        with self._lock:
            if prints != self._prints:
                self._reopen(prints)
            found = self._there()
            if self._clock() - found.at < FRESH:
                return found
            thread = self._begin(prints)
        if self._clock() - found.at >= STALE:
            # nobody looked for a while, so the reader waits a moment rather than be told what is long past
            thread.join(PATIENCE)
        return self._there()

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
        """Read the folder anew; a trouble is remembered until a file changes again."""
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
            sys.stderr.write(f"the board could not be made anew: {error}\n")

    def _verify(self, audit: Audit, log: Log) -> Audited:
        """Verify a step further, unless another thread is at it: then what it found last is what is known."""
        if not self._auditing.acquire(blocking=False):
            return audit.last
        try:
            return audit.step(log)
        finally:
            self._auditing.release()

    def log(self) -> Log:
        """Return the evidence log to read from, one for each thread."""
        self.board()
        workspace = self._workspace
        if workspace is None:
            raise AssertionError("a board was made from a workspace")
        return self._log_of(workspace)

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


def look(workspace: Workspace, audited: Audited) -> Board:
    """Look at stores and log as they are now; the verdict on the log is given."""
    stores = workspace.stores()
    looked = {s.name: _check(s, workspace.clock) for s in stores}
    checks = {name: check for name, (check, _) in looked.items()}
    log, policy = workspace.log, workspace.policy
    facts = Facts(
        tuple(store_fact(s.rules, checks[s.name]) for s in stores),
        audited.sound if audited.size else None,
        audited.at,
        {c.id: log.count_by(clause=c.id) for c in policy.clauses},
    )
    kept = coverage(policy, facts, workspace.today())
    versions, trouble = _versions(workspace)
    return Board(
        at=workspace.clock(),
        policy=policy,
        kept=kept,
        figures=figures(kept),
        stores=tuple(_store(s.rules, *looked[s.name]) for s in stores),
        flows=tuple(f for s in stores for f in _flows(s.rules)),
        audited=audited,
        kinds=tuple((k, n) for k in KINDS if (n := log.count_by(kind=k))),
        checkpoints=tuple(_point(t) for t in log.store.checkpoints(5)),
        cosigned=_cosigned(log),
        versions=versions,
        versions_trouble=trouble,
        digest=current(workspace).digest,
        origin=workspace.settings.origin,
        key=workspace.signer.key.text,
    )


def _versions(workspace: Workspace) -> tuple[tuple[Published, ...], str]:
    try:
        return tuple(published(workspace)), ""
    except (SekishoError, OSError, ValueError, KeyError) as error:
        return (), str(error)


def _check(store: Store, clock: stamp.Clock) -> tuple[Check, bool]:
    """Return a store's live check and whether it answered; one that does not may be anything but as it was applied."""
    try:
        return store.check(), True
    except StoreTrouble as error:
        return Check(store.name, clock(), (str(error),), ()), False


def _store(rules: RuleSet, check: Check, answers: bool) -> StoreView:
    return StoreView(
        name=rules.store,
        engine=rules.engine,
        check=check,
        answers=answers,
        applied=store_fact(rules, check).applied,
        tables=len(rules.tables),
        categories=tuple(sorted(set(rules.categories.values()))),
    )


def _flows(rules: RuleSet) -> Iterator[Flow]:
    found = {
        (category, view.purpose)
        for view in rules.views
        for column in view.shown
        if (category := rules.categories.get((view.table, column)))
    }
    reserved = {p.name for p in rules.purposes if p.reserved}
    yield from (Flow(rules.store, c, p) for c, p in sorted(found) if p not in reserved)


def _point(text: str) -> Point:
    point = notes.Checkpoint.parse(text)
    return Point(point.size, point.root.hex(), text)


def _cosigned(log: Log) -> Cosigned | None:
    found = log.witnessed()
    return None if found is None else Cosigned(found.cosigner.name, found.size, datetime.fromtimestamp(found.at, UTC))
