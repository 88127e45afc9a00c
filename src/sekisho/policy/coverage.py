"""Coverage: for each clause, how it is kept; like test coverage, for promises, and as honest.

Only *enforced* and *kept by people* count as kept, each with its own figure; prose never counts. A clause with several
promises is as good as its worst.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from sekisho.policy.kinds import DEFINING
from sekisho.policy.model import Policy, Purpose
from sekisho.policy.sentence import Sentence


class State(Enum):
    """How a clause is kept, from worst to best among those that promise something."""

    BROKEN = "broken"
    NO_KEEPER = "no keeper"
    NOT_APPLIED = "compiled, not applied"
    BY_PEOPLE = "kept by people"
    ENFORCED = "enforced"
    PROSE = "prose"


WORST_FIRST = (State.BROKEN, State.NO_KEEPER, State.NOT_APPLIED, State.BY_PEOPLE, State.ENFORCED)


@dataclass(frozen=True, slots=True)
class StoreFact:
    """What is known of one store: which purposes are compiled for it, whether it is applied, and its last check."""

    store: str
    engine: str
    compiled: frozenset[str]
    applied: bool
    green: bool
    checked_at: datetime | None
    tables: Mapping[str, tuple[str, ...]]
    """purpose → tables it sees."""
    ages: Mapping[str, str] = field(default_factory=dict)
    """class → `table.column` that says how old its people are, empty where the store holds them and does not know."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the world: stores, whether the evidence log verifies, and counts of evidence by clause."""

    stores: tuple[StoreFact, ...] = ()
    evidence_sound: bool | None = None
    evidence_at: datetime | None = None
    counts: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """How one clause is kept: its state, the rule in words, the last check, and the count of its evidence."""

    clause: str
    state: State
    rules: tuple[Sentence, ...]
    checked_at: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """How many clauses are in each state; `promising` is all that promise something."""

    by_state: Mapping[State, int]
    promising: int

    @property
    def kept(self) -> int:
        """Enforced and kept by people."""
        return self.by_state[State.ENFORCED] + self.by_state[State.BY_PEOPLE]


@dataclass(frozen=True, slots=True)
class _One:
    state: State
    rule: Sentence
    checked_at: datetime | None = None


def coverage(policy: Policy, facts: Facts, today: date) -> tuple[Kept, ...]:
    """Return how each clause is kept, in the order of the text."""
    found: dict[str, list[_One]] = {c.id: [] for c in policy.clauses}
    for purpose in policy.purposes:
        if purpose.clause in found:
            one = _purpose(policy, purpose.name, facts)
            found[purpose.clause] += [one, *_time(purpose, one)]
    for procedure in policy.procedures:
        late = procedure.review < today
        state = State.BROKEN if late else State.BY_PEOPLE
        template = "%(owner)s; review overdue since %(date)s" if late else "%(owner)s; next review %(date)s"
        rule = Sentence(template, owner=procedure.owner, date=procedure.review.isoformat())
        found[procedure.clause].append(_One(state, rule))
    for promise in policy.promises:
        if promise.kind in ("procedure", *DEFINING):
            continue
        found[promise.clause].append(_other(promise.kind, promise.fields, facts))
    counts = facts.counts or {}
    return tuple(_kept(clause, ones, counts.get(clause, 0)) for clause, ones in found.items())


def _kept(clause: str, ones: list[_One], count: int) -> Kept:
    if not ones:
        return Kept(clause, State.PROSE, (), None, count)
    state = next(s for s in WORST_FIRST if any(o.state is s for o in ones))
    times = [o.checked_at for o in ones if o.checked_at is not None]
    return Kept(clause, state, tuple(dict.fromkeys(o.rule for o in ones)), min(times, default=None), count)


def _purpose(policy: Policy, name: str, facts: Facts) -> _One:
    purpose = policy.purpose(name)
    stores = [s for s in facts.stores if name in s.compiled]
    if purpose is None or not stores:
        return _One(State.NO_KEEPER, Sentence("purpose %(purpose)s sees nothing anywhere", purpose=name))
    asked = purpose.because.opt_in
    rule = Sentence(
        "purpose %(purpose)s sees %(uses)s of %(whose)s who said yes (%(where)s)"
        if asked
        else "purpose %(purpose)s sees %(uses)s of %(whose)s (%(where)s)",
        purpose=name,
        uses=purpose.uses,
        whose=purpose.of,
        where="; ".join(f"{s.store}: {', '.join(s.tables.get(name, ()))}" for s in stores),
    )
    return _One(_of_stores(stores), rule, _oldest(stores))


def _time(purpose: Purpose, one: _One) -> list[_One]:
    """Return what is said of the time that data is kept: it does not decide the state, but nobody may overlook it."""
    if purpose.keep is None:
        return []
    template = "kept %(keep)s; people delete it, this version does not by itself"
    return [_One(one.state, Sentence(template, keep=purpose.keep.text), one.checked_at)]


def _of_stores(stores: list[StoreFact]) -> State:
    if not stores:
        return State.NO_KEEPER
    if any(s.applied and not s.green for s in stores):
        return State.BROKEN
    return State.ENFORCED if all(s.applied for s in stores) else State.NOT_APPLIED


def _oldest(stores: list[StoreFact]) -> datetime | None:
    return min((s.checked_at for s in stores if s.checked_at is not None), default=None)


def _minors(age: str, stores: list[StoreFact]) -> _One:
    """Only a store that knows ages can keep young people's rows back, and then every store of those people must."""
    classes = {c for s in stores for c, column in s.ages.items() if column}
    knowing = [s for s in stores if classes & s.ages.keys()]
    if not classes:
        return _One(State.NO_KEEPER, Sentence("under %(age)s: no map says which column holds an age", age=age))
    blind = [s.store for s in knowing if not all(s.ages[c] for c in classes & s.ages.keys())]
    if blind:
        return _One(
            State.NO_KEEPER,
            Sentence("under %(age)s: %(where)s does not know how old people are", age=age, where=", ".join(blind)),
        )
    where = "; ".join(f"{s.store}: {', '.join(c for c in s.ages.values() if c)}" for s in knowing)
    rule = Sentence("under %(age)s (%(where)s): no purpose sees them until a guardian said yes", age=age, where=where)
    return _One(_of_stores(knowing), rule, _oldest(knowing))


def _other(kind: str, fields: Mapping[str, object], facts: Facts) -> _One:
    stores = list(facts.stores)
    if kind == "minors":
        return _minors(str(fields["under"]), stores)
    if kind == "safeguard" and fields.get("check") == "gate":
        return _One(_of_stores(stores), Sentence("the gate of every store is as it was applied"), _oldest(stores))
    if kind == "safeguard" and fields.get("check") == "evidence":
        state = {None: State.NOT_APPLIED, True: State.ENFORCED, False: State.BROKEN}[facts.evidence_sound]
        return _One(state, Sentence("the evidence log verifies to its last byte"), facts.evidence_at)
    return _One(State.NO_KEEPER, Sentence("%(kind)s: this version cannot keep it yet", kind=kind))


def figures(kept: tuple[Kept, ...]) -> Figures:
    """Return how many clauses are in each state."""
    by_state = {state: sum(k.state is state for k in kept) for state in State}
    return Figures(by_state, len(kept) - by_state[State.PROSE])
