"""Who may read what is sealed: the rules of the gate, for a process that asks by purpose and reason. Unknown is no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sekisho.compiler.lower import RESERVED_USES
from sekisho.gate.decide import Ask, Verdict
from sekisho.policy.model import Policy, Purpose
from sekisho.vault.record import Sensitivity, sees, sensitivity

STORE = "vault"
"""The vault's name among stores: in evidence, and where people stand."""
ANSWER = "answer-requests"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a purpose sees: whose data, which categories, which sensitivity classes are opened for it at all."""

    number: int
    clause: str
    of: tuple[str, ...]
    uses: tuple[str, ...]
    opens: tuple[Sensitivity, ...]

    def stands(self, mask: int) -> bool:
        """Say whether a person of this mask stands for the purpose."""
        return bool(mask >> self.number & 1)


class Standing(Protocol):
    """Where it is known for which purposes people stand."""

    def masks(self, people: Mapping[str, str]) -> dict[str, int]:
        """Return person → mask for person → class, as of this moment; who is not in it stands for nothing."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done to the vault by an actor: `store`, `import`, `correct` or `erase`, and to whom."""

    what: str
    actor: str
    people: Sequence[tuple[str, str]]
    """(class, person)."""
    records: int


class Deeds(Protocol):
    """Where deeds are made durable."""

    def __call__(self, deed: Deed) -> None:
        """Record a deed; raises NotWitnessed."""


def sight(policy: Policy, purpose: Purpose) -> Sight:
    """Return what a purpose sees of the vault."""
    everybody = tuple(s.name for s in policy.subjects)
    uses = RESERVED_USES[purpose.name] if purpose.reserved else purpose.uses
    opened = {sensitivity(policy, c.name) for c in policy.categories if sees(uses, c.name)}
    of = everybody if purpose.reserved else purpose.of
    return Sight(purpose.number, purpose.clause, of, uses, tuple(sorted(opened)))


def decide(policy: Policy, ask: Ask) -> Verdict:
    """Return whether a purpose may be stated at the vault; whose records it then sees is decided person by person."""
    purpose = policy.purpose(ask.purpose)
    if purpose is None:
        known = ", ".join(p.name for p in policy.purposes)
        return Verdict(
            False,
            "",
            "unknown-purpose",
            f"`{ask.purpose[:60]}` is not a purpose of the policy",
            f"state one of: {known}",
        )
    if not ask.reason.strip():
        return Verdict(False, purpose.clause, "no-reason", "a reading needs a reason", "say why, for instance a ticket")
    if purpose.name == ANSWER and not ask.subject:
        return Verdict(
            False,
            purpose.clause,
            "no-person",
            "`answer-requests` serves the request of one person",
            "name the person",
        )
    if not sight(policy, purpose).opens:
        return Verdict(
            False,
            purpose.clause,
            "sees-nothing",
            f"purpose `{purpose.name}` sees nothing in the vault",
            "state a purpose whose clause uses the category",
        )
    return Verdict(True, purpose.clause, "allowed", f"clause #{purpose.clause} allows `{purpose.name}`")
