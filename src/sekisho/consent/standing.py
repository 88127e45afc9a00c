"""Standing: facts folded into a mask, one bit a purpose. Pure; the order of facts is their order in the ledger.

Reserved purposes always stand. A purpose that needs no yes stands for its classes until it is objected to; an opt-in
one stands only after a yes to that very number. A no is said to the purpose: it stays a no when the purpose is widened
and gets another number. For a person under the policy's age only a guardian's yes opens anything; where the age is not
known, and the class has minors, nothing is assumed about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sekisho.consent.facts import Decision, Fact

OPENS = (Decision.GIVE,)


@dataclass(frozen=True, slots=True)
class Rule:
    """What the fold must know of a purpose."""

    number: int
    opt_in: bool
    reserved: bool
    of: tuple[str, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """An age band in whole years, inclusive."""

    low: int
    high: int

    def reaches_below(self, age: int) -> bool:
        """Say whether somebody of this band may be under an age: unknown is "no", so that is taken for a minor."""
        return self.low < age

    @staticmethod
    def parse(text: str) -> Band | None:
        """Return the band of a text like `10-12` or `18+`, or None."""
        if text.endswith("+") and text[:-1].isdigit():
            return Band(int(text[:-1]), 150)
        low, dash, high = text.partition("-")
        return Band(int(low), int(high)) if dash and low.isdigit() and high.isdigit() else None


def fold(facts: Iterable[Fact], rules: Sequence[Rule], subject: str, *, minor: bool) -> int:
    """Return the standing mask of a person of a class, from the facts in ledger order."""
    said: dict[str, list[Fact]] = {}
    for fact in facts:
        said.setdefault(fact.purpose, []).append(fact)
    mask = 0
    for rule in rules:
        if rule.reserved or (subject in rule.of and _stands(rule, said.get(rule.name, ()), minor)):
            mask |= 1 << rule.number
    return mask


def _stands(rule: Rule, said: Sequence[Fact], minor: bool) -> bool:
    counting = [f for f in said if f.decision not in OPENS or _is_a_yes(rule, f, minor)]
    if not counting:
        return not rule.opt_in and not minor
    return counting[-1].decision in OPENS


def _is_a_yes(rule: Rule, fact: Fact, minor: bool) -> bool:
    """Say whether a yes counts: a minor's own does not, and where a yes is needed it must be to this very number."""
    if minor and fact.by != "guardian":
        return False
    return fact.number == rule.number or not (rule.opt_in or minor)
