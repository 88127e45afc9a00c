"""Plans: what will be done to a store, section by section, each with its way back.

A section is a group of statements that is made and unmade as one. Applying a plan undoes the sections that changed
or vanished (in reverse order, with everything that needs them) and makes the new ones; sections that are the same
are left alone, and with them the standing they hold. A plan is run by its digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sekisho.ground import canon


@dataclass(frozen=True, slots=True)
class Section:
    """Statements that belong together, what they need to stand on, and how to take them back."""

    name: str
    needs: tuple[str, ...]
    up: tuple[str, ...]
    down: tuple[str, ...]
    before: str = ""
    """What must be remembered of the database as it was, canonical JSON."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what the section makes."""
        return canon.digest([self.name, list(self.needs), list(self.up)])


@dataclass(frozen=True, slots=True)
class Applied:
    """A section as the store remembers it."""

    name: str
    needs: tuple[str, ...]
    fingerprint: str
    down: tuple[str, ...]
    before: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be undone, in order, and what will be made, in order."""

    store: str
    down: tuple[Applied, ...]
    up: tuple[Section, ...]
    unchanged: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of every statement in order; people approve this."""
        return canon.digest(
            [self.store, [[a.name, list(a.down)] for a in self.down], [[s.name, list(s.up)] for s in self.up]]
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.down and not self.up

    def statements(self) -> tuple[str, ...]:
        """Return the statements in the order in which they run."""
        return tuple(s for a in self.down for s in a.down) + tuple(s for a in self.up for s in a.up)

    def script(self) -> str:
        """Return the plan as SQL that people read, each section under its name."""
        lines = [f"-- plan {self.digest} for store {self.store}"]
        for gone in self.down:
            lines += [f"\n-- take back {gone.name}", *(f"{s};" for s in gone.down)]
        for made in self.up:
            lines += [f"\n-- {made.name}", *(f"{s};" for s in made.up)]
        return "\n".join(lines) + "\n"

    def rollback(self) -> str:
        """Return the SQL that takes this plan's new sections back."""
        lines = [f"-- rollback of plan {self.digest} for store {self.store}"]
        for made in reversed(self.up):
            lines += [f"\n-- take back {made.name}", *(f"{s};" for s in made.down)]
        return "\n".join(lines) + "\n"


def make_plan(store: str, wanted: Sequence[Section], applied: Sequence[Applied]) -> Plan:
    """Return the plan from what a store remembers to what is wanted; `applied` is in the order it was made."""
    fingerprints = {s.name: s.fingerprint for s in wanted}
    stale = {a.name for a in applied if fingerprints.get(a.name) != a.fingerprint}
    stale = _with_dependants(stale, {a.name: a.needs for a in applied})
    down = tuple(a for a in reversed(applied) if a.name in stale)
    standing = {a.name for a in applied} - stale
    return Plan(
        store,
        down,
        tuple(s for s in wanted if s.name not in standing),
        tuple(a.name for a in applied if a.name in standing),
    )


def _with_dependants(names: set[str], needs: Mapping[str, tuple[str, ...]]) -> set[str]:
    reached = set(names)
    while True:
        more = {n for n, below in needs.items() if n not in reached and reached & set(below)}
        if not more:
            return reached
        reached |= more
