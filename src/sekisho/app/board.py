"""The board: how everything stood at one look, as values that pages show: clauses, stores, evidence, versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sekisho.app.audit import Audited
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
