"""What a purpose allows, as far as people approve of it; and whether one meaning goes beyond another.

The lock and the differences between versions both ask here, so they cannot disagree about what needs a new number.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.policy.keep import longer
from sekisho.policy.model import Action, Keep, Purpose, Witness, covers
from sekisho.policy.sentence import Sentence, Value

GRADES = (Witness.NAMED, Witness.SCOPE, Witness.AGGREGATE)
"""From the finest record of a reading to the coarsest."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Whose data, which, why, how long, to do what, and how finely it is recorded."""

    of: tuple[str, ...]
    uses: tuple[str, ...]
    because: str
    opt_in: bool
    keep: Keep | None = None
    may: tuple[Action, ...] = (Action.READ,)
    witness: Witness = Witness.SCOPE


def meaning(purpose: Purpose) -> Meaning:
    """Return what a purpose means."""
    because = purpose.because
    return Meaning(purpose.of, purpose.uses, because.word, because.opt_in, purpose.keep, purpose.may, purpose.witness)


def wider(name: str, old: Meaning, new: Meaning) -> list[Sentence]:
    """Return in words how a purpose goes beyond an older meaning; empty where it does not."""
    more = [_say("%(purpose)s may now use %(uses)s", name, uses=(c,)) for c in new.uses if not covers(old.uses, c)]
    more += [_say("%(purpose)s now covers %(whose)s", name, whose=(c,)) for c in new.of if c not in old.of]
    more += [_say("%(purpose)s may now %(action)s rows", name, action=a.value) for a in new.may if a not in old.may]
    if old.opt_in and not new.opt_in:
        more.append(_say("%(purpose)s no longer asks for consent", name))
    if longer(new.keep, old.keep):
        more.append(_kept("%(purpose)s now keeps data longer: %(new)s, not %(old)s", name, old, new))
    if GRADES.index(new.witness) > GRADES.index(old.witness):
        more.append(_recorded("%(purpose)s is now recorded less finely: %(new)s, not %(old)s", name, old, new))
    return more


def narrower(name: str, old: Meaning, new: Meaning) -> list[Sentence]:
    """Return in words where a purpose stays behind an older meaning."""
    less = [_say("%(purpose)s no longer uses %(uses)s", name, uses=(c,)) for c in old.uses if not covers(new.uses, c)]
    less += [_say("%(purpose)s no longer covers %(whose)s", name, whose=(c,)) for c in old.of if c not in new.of]
    less += [
        _say("%(purpose)s may no longer %(action)s rows", name, action=a.value) for a in old.may if a not in new.may
    ]
    if new.opt_in and not old.opt_in:
        less.append(_say("%(purpose)s now asks for consent", name))
    if longer(old.keep, new.keep) and not longer(new.keep, old.keep):
        less.append(_kept("%(purpose)s now keeps data for less time: %(new)s, not %(old)s", name, old, new))
    if GRADES.index(new.witness) < GRADES.index(old.witness):
        less.append(_recorded("%(purpose)s is now recorded more finely: %(new)s, not %(old)s", name, old, new))
    return less


def _say(template: str, purpose: str, **values: Value) -> Sentence:
    return Sentence(template, purpose=purpose, **values)


def _kept(template: str, name: str, old: Meaning, new: Meaning) -> Sentence:
    return _say(template, name, new=time_of(new.keep), old=time_of(old.keep))


def _recorded(template: str, name: str, old: Meaning, new: Meaning) -> Sentence:
    return _say(template, name, new=new.witness.value, old=old.witness.value)


def time_of(keep: Keep | None) -> str:
    """Return how long something is kept, in the policy's words."""
    return keep.text if keep is not None else "without end"
