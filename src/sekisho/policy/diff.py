"""Differences between two versions: per clause, was it worded anew, narrowed or widened, and who must be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sekisho.policy.model import Policy, Purpose, covers


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
    reasons: tuple[str, ...]
    affects: tuple[str, ...] = ()
    approval: bool = False


def diff(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Return what differs, in the order of the new text, what was removed last."""
    before, after = {c.id: c for c in old.clauses}, {c.id: c for c in new.clauses}
    found = [d for c in after if (d := _clause(c, old, new)).change is not Change.SAME]
    found += [
        Difference(c, Change.REMOVED, tuple(f"purpose {p.name} is gone" for p in _purposes(old, c)), _whose(old, c))
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


def _more(old: Purpose | None, new: Purpose) -> list[str]:
    if old is None:
        return [f"purpose {new.name} is new: it uses {', '.join(new.uses)} of {', '.join(new.of)}"]
    more = [f"{new.name} may now use {c}" for c in new.uses if not covers(old.uses, c)]
    more += [f"{new.name} now covers {c}" for c in new.of if c not in old.of]
    more += [f"{new.name} may now {a.value} rows" for a in new.may if a not in old.may]
    if old.because.opt_in and not new.because.opt_in:
        more.append(f"{new.name} no longer asks for consent")
    return more


def _less(old: Purpose, new: Purpose | None) -> list[str]:
    if new is None:
        return [f"purpose {old.name} is gone"]
    less = [f"{old.name} no longer uses {c}" for c in old.uses if not covers(new.uses, c)]
    less += [f"{old.name} no longer covers {c}" for c in old.of if c not in new.of]
    if new.because.opt_in and not old.because.opt_in:
        less.append(f"{old.name} now asks for consent")
    return less
