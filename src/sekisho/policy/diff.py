"""Differences between two versions: per clause, was it worded anew, narrowed or widened, and who must be told.

What makes a purpose wider is said in `meaning`, for the lock asks there too: a purpose that is widened here is one
that gets a new number there. For the other kinds a table says what more, less or other in each field means to people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from sekisho.policy.keep import longer
from sekisho.policy.meaning import meaning, narrower, time_of, wider
from sekisho.policy.model import RESERVED_PURPOSES, Keep, Policy, Promise, Purpose, covers
from sekisho.policy.sentence import Sentence, Value


class Change(Enum):
    """What became of a clause."""

    ADDED = "added"
    REMOVED = "removed"
    PROSE = "prose only"
    MOVED = "moved"
    CHANGED = "changed"
    NARROWED = "narrowed"
    WIDENED = "widened"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Difference:
    """One clause that differs: how, why in words, which classes must be told, and whether they must approve.

    `numbers` are the purposes that get a new number, so that approvals given before do not count for them.
    """

    clause: str
    change: Change
    reasons: tuple[Sentence, ...]
    affects: tuple[str, ...] = ()
    approval: bool = False
    numbers: tuple[str, ...] = ()


class How(Enum):
    """What a field's change means: a list that grows, a time that grows, a step that goes up, or any other word."""

    LIST = "list"
    TIME = "time"
    STEP = "step"
    OTHER = "other"
    PLAIN = "plain"


STEPS: Mapping[str, tuple[object, ...]] = {
    "approvals": ("two", "one"),
    "optional": (True, False),
    "stop": ("one-click", "never"),
    "clear": (False, True),
    "check": ("gate", "evidence", "none"),
}
"""Words of a field from what is best for people to what is worst; between `gate` and `evidence` neither is worse."""

FIELDS: Mapping[str, Mapping[str, How]] = {
    "collect": {"from": How.LIST, "asks": How.LIST, "for": How.LIST},
    "disclose": {
        "to": How.OTHER,
        "of": How.LIST,
        "uses": How.LIST,
        "because": How.OTHER,
        "approvals": How.STEP,
    },
    "entrust": {"does": How.OTHER, "for": How.LIST, "uses": How.LIST, "country": How.OTHER},
    "transfer": {"country": How.OTHER, "basis": How.OTHER, "to": How.OTHER},
    "cookies": {"names": How.LIST, "for": How.LIST, "optional": How.STEP, "keep": How.TIME},
    "log": {"holds": How.LIST, "for": How.LIST, "keep": How.TIME},
    "stream": {"fields": How.LIST, "for": How.LIST, "keep": How.TIME},
    "mail": {"for": How.LIST, "stop": How.STEP, "clear": How.STEP},
    "safeguard": {"check": How.STEP},
}
"""Kind → field → what a change of it means; fields that are not named change without making anything wider."""

TAKES = ("collect", "disclose", "entrust", "transfer", "cookies", "log", "stream", "mail")
"""Kinds that take something from people: one more is wider, one less is narrower."""

GIVES = ("right", "safeguard", "procedure", "minors", "contact", "amend")
"""Kinds that give people something: one less is wider, one more is narrower."""

APPROVED = ("collect", "disclose", "transfer", "cookies", "stream", "minors")
"""Kinds whose widening those concerned must approve; a processor (`entrust`) works within purposes they approved."""


@dataclass
class _Found:
    """What was found about one clause."""

    wider: list[Sentence] = field(default_factory=list)
    narrower: list[Sentence] = field(default_factory=list)
    other: list[Sentence] = field(default_factory=list)
    affects: set[str] = field(default_factory=set)
    approval: bool = False
    numbers: list[str] = field(default_factory=list)


def diff(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Return what differs, in the order of the new text, what was removed last."""
    before, after = [c.id for c in old.clauses], [c.id for c in new.clauses]
    every = (*after, *(c for c in before if c not in after))
    return tuple(d for c in every if (d := _clause(c, old, new)).change is not Change.SAME)


def _clause(clause: str, old: Policy, new: Policy) -> Difference:
    found = _Found()
    for purpose in (p for p in new.purposes if p.clause == clause and not p.reserved):
        _purpose(found, old.purpose(purpose.name), purpose)
    for gone in (p for p in old.purposes if p.clause == clause and new.purpose(p.name) is None):
        found.narrower.append(Sentence("purpose %(purpose)s is gone", purpose=gone.name))
        found.affects.update(gone.of)
    for promise in (p for p in new.promises if p.clause == clause):
        _promise(found, _same_promise(old, promise), promise, new)
    for lost in (p for p in old.promises if p.clause == clause and _same_promise(new, p) is None):
        _gone(found, lost, old)
    _words(found, clause, old, new)
    reasons = (*found.wider, *found.narrower, *found.other)
    change = _change(found, clause, old, new)
    return Difference(clause, change, reasons, tuple(sorted(found.affects)), found.approval, tuple(found.numbers))


def _change(found: _Found, clause: str, old: Policy, new: Policy) -> Change:
    before, after = old.clause(clause), new.clause(clause)
    if before is None or after is None:
        widened = bool(found.wider) and after is None
        return Change.WIDENED if widened else Change.ADDED if before is None else Change.REMOVED
    if found.wider:
        return Change.WIDENED
    if found.narrower:
        return Change.NARROWED
    if found.other:
        return Change.CHANGED
    if before.prose != after.prose:
        return Change.PROSE
    return Change.SAME if before.parent == after.parent else Change.MOVED


def _purpose(found: _Found, old: Purpose | None, new: Purpose) -> None:
    if old is None:
        template = "purpose %(purpose)s is new: it uses %(uses)s of %(whose)s"
        more = [Sentence(template, purpose=new.name, uses=new.uses, whose=new.of)]
        less: list[Sentence] = []
        other: list[Sentence] = []
    else:
        more, less = wider(new.name, meaning(old), meaning(new)), narrower(new.name, meaning(old), meaning(new))
        other = _moved("purpose", old, new)
        if (old.because.word, old.because.detail) != (new.because.word, new.because.detail):
            template = "%(name)s has another ground: %(new)s, not %(old)s"
            other.append(Sentence(template, name=new.name, new=_ground(new), old=_ground(old)))
    if more:
        found.numbers.append(new.name)
        found.approval = True
    if more or less or other:
        found.affects.update(new.of, old.of if old is not None else ())
    found.wider += more
    found.narrower += less
    found.other += other


def _ground(purpose: Purpose) -> str:
    return ": ".join(filter(None, (purpose.because.word, purpose.because.detail)))


def _moved(kind: str, old: Purpose | Promise, new: Purpose | Promise) -> list[Sentence]:
    if old.clause == new.clause:
        return []
    return [Sentence("%(kind)s %(name)s stood at #%(old)s before", kind=kind, name=new.name, old=old.clause)]


def _same_promise(policy: Policy, promise: Promise) -> Promise | None:
    return next((p for p in policy.promises if (p.kind, p.name) == (promise.kind, promise.name)), None)


def _promise(found: _Found, old: Promise | None, new: Promise, policy: Policy) -> None:
    if old is None:
        said = Sentence("%(kind)s %(name)s is new", kind=new.kind, name=new.name)
        more, less, other = ([said], [], []) if new.kind in TAKES else ([], [said], [])
        if new.kind not in (*TAKES, *GIVES):
            more, less, other = [], [], [said]
    else:
        more, less, other = _fields(old, new)
        other += _moved(new.kind, old, new)
    found.approval = found.approval or bool(more and new.kind in APPROVED)
    if more or less or other:
        found.affects.update(_whose(new, policy))
    found.wider += more
    found.narrower += less
    found.other += other


def _gone(found: _Found, lost: Promise, old: Policy) -> None:
    said = Sentence("%(kind)s %(name)s is gone", kind=lost.kind, name=lost.name)
    (found.wider if lost.kind in GIVES else found.narrower if lost.kind in TAKES else found.other).append(said)
    found.approval = found.approval or (lost.kind in GIVES and lost.kind in APPROVED)
    found.affects.update(_whose(lost, old))


def _fields(old: Promise, new: Promise) -> tuple[list[Sentence], list[Sentence], list[Sentence]]:
    """Return in words what is wider, narrower and merely other in a promise that both versions have."""
    more: list[Sentence] = []
    less: list[Sentence] = []
    other: list[Sentence] = []
    for name in dict.fromkeys((*old.fields, *new.fields)):
        before, after = old.fields.get(name), new.fields.get(name)
        if before == after:
            continue
        how = FIELDS.get(new.kind, {}).get(name, How.PLAIN)
        if how is How.LIST:
            added, taken = (
                tuple(n for n in _beyond(*pair) if n not in RESERVED_PURPOSES)
                for pair in ((before, after), (after, before))
            )
            more += [_say("%(kind)s %(name)s: %(field)s has more: %(what)s", new, name, what=added)] if added else []
            less += [_say("%(kind)s %(name)s: %(field)s has less: %(what)s", new, name, what=taken)] if taken else []
            continue
        said = _say("%(kind)s %(name)s: %(field)s is %(new)s, not %(old)s", new, name, **_both(before, after))
        if _is_wider(new, name, how, before, after):
            more.append(said)
        elif _is_narrower(new, name, how, before, after):
            less.append(said)
        else:
            other.append(said)
    return more, less, other


def _say(template: str, promise: Promise, field: str, **values: Value) -> Sentence:
    return Sentence(template, kind=promise.kind, name=promise.name, field=field, **values)


def _both(before: object, after: object) -> dict[str, Value]:
    return {"new": _shown(after), "old": _shown(before)}


def _shown(value: object) -> Value:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return tuple(map(str, value))
    if value is None or isinstance(value, Keep):
        return time_of(value) if isinstance(value, Keep) else "not said"
    return str(value)


def _beyond(old: object, new: object) -> tuple[str, ...]:
    """Return what a list has that another lacks; a list that is not there holds everything."""
    if old is None:
        return ()
    if new is None:
        return ("everything",)
    held = tuple(map(str, old)) if isinstance(old, tuple) else ()
    return tuple(str(n) for n in new if not covers(held, str(n))) if isinstance(new, tuple) else ()


def _is_wider(promise: Promise, name: str, how: How, before: object, after: object) -> bool:
    if promise.kind == "minors" and name == "under":
        return int(str(after)) < int(str(before))
    if how is How.TIME:
        return longer(_keep(after), _keep(before))
    if how is How.STEP:
        return _step(name, after) > _step(name, before)
    return how is How.OTHER


def _is_narrower(promise: Promise, name: str, how: How, before: object, after: object) -> bool:
    return how is not How.OTHER and _is_wider(promise, name, how, after, before)


def _keep(value: object) -> Keep | None:
    return value if isinstance(value, Keep) else None


def _step(name: str, value: object) -> int:
    steps = STEPS[name]
    place = steps.index(value) if value in steps else 0
    return 0 if name == "check" and value != "none" else place


def _whose(promise: Promise, policy: Policy) -> Iterable[str]:
    """Return the classes whom a promise is about: those it names, those of its purposes, or everybody."""
    for name in ("of", "from"):
        if isinstance(named := promise.fields.get(name), tuple):
            return tuple(map(str, named))
    purposes = promise.fields.get("for")
    if isinstance(purposes, tuple):
        return tuple(s for n in purposes if (p := policy.purpose(str(n))) is not None for s in p.of)
    return tuple(s.name for s in policy.subjects)


def _words(found: _Found, clause: str, old: Policy, new: Policy) -> None:
    """Remember definitions that changed: who a class of people is, what a category means."""
    before = {(s.name, s.means) for s in old.subjects if s.clause == clause}
    before |= {(c.name, f"{c.means} {c.special}") for c in old.categories if c.clause == clause}
    after = {(s.name, s.means) for s in new.subjects if s.clause == clause}
    after |= {(c.name, f"{c.means} {c.special}") for c in new.categories if c.clause == clause}
    for name in sorted({n for n, _ in before ^ after}):
        # a category that is new under one that purposes use is theirs to use, too
        using = [p for p in new.purposes if not p.reserved and covers(p.uses, name)]
        if using and all(c.name != name for c in old.categories):
            names = tuple(p.name for p in using)
            found.other.append(Sentence("%(name)s is new, and used for %(purposes)s", name=name, purposes=names))
        else:
            found.other.append(Sentence("%(name)s is defined anew", name=name))
        found.affects.update({name} & {s.name for s in (*old.subjects, *new.subjects)})
        found.affects.update(c for p in using for c in p.of)
