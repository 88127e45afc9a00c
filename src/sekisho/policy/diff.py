"""Differences between two versions: per clause, was it worded anew, narrowed or widened, and who must be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sekisho.policy.model import Policy, Purpose, covers
from sekisho.policy.sentence import Sentence


class Change(Enum):
    """What became of a clause."""

    ADDED = "added"
    REMOVED = "removed"
    PROSE = "prose only"
    NARROWED = "narrowed"
    WIDENED = "widened"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Difference:
    """One clause that differs: how, why in words, whose data it is, and whether they must approve."""

    clause: str
    change: Change
    reasons: tuple[Sentence, ...]
    affects: tuple[str, ...] = ()
    approval: bool = False


def diff(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Return what differs, in the order of the new text, what was removed last."""
    before, after = {c.id: c for c in old.clauses}, {c.id: c for c in new.clauses}
    found = [d for c in after if (d := _clause(c, old, new)).change is not Change.SAME]
    found += [
        Difference(c, Change.REMOVED, tuple(_gone(p) for p in _purposes(old, c)), _whose(old, c))
        for c in before
        if c not in after
    ]
    return tuple(found)


def _purposes(policy: Policy, clause: str) -> list[Purpose]:
    return [p for p in policy.purposes if p.clause == clause and not p.reserved]


def _whose(policy: Policy, clause: str) -> tuple[str, ...]:
    return tuple(sorted({s for p in _purposes(policy, clause) for s in p.of}))


def _clause(clause: str, old: Policy, new: Policy) -> Difference:
    wider = [r for p in _purposes(new, clause) for r in _more(old.purpose(p.name), p)]
    narrower = [r for p in _purposes(old, clause) for r in _less(p, new.purpose(p.name))]
    before, after = old.clause(clause), new.clause(clause)
    if before is None:
        return Difference(clause, Change.ADDED, tuple(wider), _whose(new, clause), bool(wider))
    if wider:
        return Difference(clause, Change.WIDENED, tuple(wider + narrower), _whose(new, clause), True)
    if narrower:
        return Difference(clause, Change.NARROWED, tuple(narrower), _whose(old, clause))
    same = after is not None and before.prose == after.prose and _promises(old, clause) == _promises(new, clause)
    return Difference(clause, Change.SAME if same else Change.PROSE, ())


def _promises(policy: Policy, clause: str) -> list[tuple[str, str, str]]:
    return [(p.kind, p.name, repr(sorted(p.fields.items()))) for p in policy.promises if p.clause == clause]


def _gone(old: Purpose) -> Sentence:
    return Sentence("purpose %(purpose)s is gone", purpose=old.name)


def _more(old: Purpose | None, new: Purpose) -> list[Sentence]:
    name = new.name
    if old is None:
        template = "purpose %(purpose)s is new: it uses %(uses)s of %(whose)s"
        return [Sentence(template, purpose=name, uses=new.uses, whose=new.of)]
    more = [
        Sentence("%(purpose)s may now use %(uses)s", purpose=name, uses=(c,))
        for c in new.uses
        if not covers(old.uses, c)
    ]
    more += [Sentence("%(purpose)s now covers %(whose)s", purpose=name, whose=(c,)) for c in new.of if c not in old.of]
    more += [
        Sentence("%(purpose)s may now %(action)s rows", purpose=name, action=a.value)
        for a in new.may
        if a not in old.may
    ]
    if old.because.opt_in and not new.because.opt_in:
        more.append(Sentence("%(purpose)s no longer asks for consent", purpose=name))
    return more


def _less(old: Purpose, new: Purpose | None) -> list[Sentence]:
    if new is None:
        return [_gone(old)]
    name = old.name
    less = [
        Sentence("%(purpose)s no longer uses %(uses)s", purpose=name, uses=(c,))
        for c in old.uses
        if not covers(new.uses, c)
    ]
    less += [
        Sentence("%(purpose)s no longer covers %(whose)s", purpose=name, whose=(c,)) for c in old.of if c not in new.of
    ]
    if new.because.opt_in and not old.because.opt_in:
        less.append(Sentence("%(purpose)s now asks for consent", purpose=name))
    return less
