"""Rules: what the engine keeps in one store, before it becomes the SQL of one database.

A `RuleSet` is pure data: which rows stand (`TableRule`), which columns each purpose sees (`ViewRule`), which
logins may state which purpose (`LoginRule`). Two equal rule sets have equal digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.datamap.model import Link, Withheld
from sekisho.ground import canon
from sekisho.policy.model import Action, Witness


@dataclass(frozen=True, slots=True)
class TableRule:
    """A governed table: how its standing is known.

    `default` is the mask of a new row of `subject`; rows with `owners` stand where every owner stands.
    """

    name: str
    key: tuple[str, ...]
    subject: str
    owners: tuple[Link, ...]
    default: int
    columns: tuple[str, ...]
    age: str = ""
    """The column that says how old a person is; empty where the store does not know, or nobody is too young."""


@dataclass(frozen=True, slots=True)
class ViewRule:
    """What one purpose sees of one table: shown columns, withheld columns, and what it may do."""

    purpose: str
    table: str
    shown: tuple[str, ...]
    withheld: tuple[str, ...]
    may: tuple[Action, ...]
    person: tuple[str, ...] = ()
    """For the purpose that serves one person's request: the columns that hold that person's key; else empty."""
    person_class: str = ""


@dataclass(frozen=True, slots=True)
class PurposeRule:
    """A purpose in a store: its bit, its clause, whether it opens only on a yes, and how readings are witnessed."""

    name: str
    number: int
    clause: str
    opt_in: bool
    reserved: bool
    witness: Witness
    of: tuple[str, ...]
    uses: tuple[str, ...]

    @property
    def bit(self) -> int:
        """The purpose's bit in a standing mask."""
        return 1 << self.number


@dataclass(frozen=True, slots=True)
class LoginRule:
    """A login, the purposes its permits may name, and the one it holds by role, if any."""

    name: str
    purposes: tuple[str, ...]
    bound: str
    backup: bool
    pooled: bool
    witness: bool = False


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything that is enforced in one store."""

    store: str
    engine: str
    schema: str
    withheld: Withheld
    policy: str
    version: str
    tables: tuple[TableRule, ...]
    open_tables: tuple[str, ...]
    purposes: tuple[PurposeRule, ...]
    views: tuple[ViewRule, ...]
    logins: tuple[LoginRule, ...]
    defaults: Mapping[str, int]
    """The mask of a person of each class about whom nothing is recorded."""
    minors_under: int = 0
    """The age below which only a guardian's yes opens anything; 0 where the policy has no such rule."""
    categories: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(table, column) → category, for messages."""

    def purpose(self, name: str) -> PurposeRule | None:
        """Return the purpose of that name or None."""
        return next((p for p in self.purposes if p.name == name), None)

    def view(self, purpose: str, table: str) -> ViewRule | None:
        """Return what a purpose sees of a table, or None where it sees nothing."""
        return next((v for v in self.views if v.purpose == purpose and v.table == table), None)

    def table(self, name: str) -> TableRule | None:
        """Return the governed table of that name or None."""
        return next((t for t in self.tables if t.name == name), None)

    @property
    def digest(self) -> str:
        """SHA-256 of the rules' canonical form."""
        return canon.digest(
            {
                "store": [self.store, self.engine, self.schema, self.withheld.value],
                "tables": [
                    [t.name, t.key, t.subject, [[o.table, o.columns] for o in t.owners], t.default, t.columns, t.age]
                    for t in self.tables
                ],
                "open": self.open_tables,
                "purposes": [[p.name, p.number, p.opt_in, p.witness.value] for p in self.purposes],
                "views": [
                    [v.purpose, v.table, v.shown, v.withheld, [a.value for a in v.may], v.person, v.person_class]
                    for v in self.views
                ],
                "logins": [[i.name, i.purposes, i.bound, i.backup, i.pooled, i.witness] for i in self.logins],
                "defaults": dict(self.defaults),
                "minors": self.minors_under,
            }
        )
