"""What must be known of a live PostgreSQL database before anything is planned, and the names a plan gives.

An `Inventory` describes the database as it would be without the gate: where a plan has already moved a table or
taken a privilege, the adapter puts back what that plan remembered. So the same rules always give the same sections.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.compiler.quoting import LONGEST_NAME, qualified
from sekisho.compiler.rules import RuleSet, TableRule
from sekisho.datamap.model import Link

MASK = "sekisho_standing"
"""The column that holds a row's standing."""

NOBODY = 0b11111
"""The mask of a row that belongs to nobody: the reserved purposes and nothing else."""

COLUMN_ORIGINS = """
select a.attrelid::oid::int8, a.attnum, c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where (n.nspname = %s and c.relkind = 'v' or n.nspname = %s and c.relname = any(%s))
  and a.attnum > 0 and not a.attisdropped
"""
"""Where a result's columns may come from, by relation and number; takes both schemas and the open tables."""


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table as the database has it: columns in order with their types, owner, grants, and foreign keys."""

    columns: tuple[tuple[str, str], ...]
    owner: str
    grants: tuple[tuple[str, str, bool], ...] = ()
    """(grantee, privilege, with grant option) of everybody but the owner; an empty grantee is PUBLIC."""
    column_grants: tuple[tuple[str, str, str], ...] = ()
    """(grantee, privilege, column)."""
    foreign_keys: tuple[tuple[tuple[str, ...], str], ...] = ()
    """(columns, referenced table) in the same schema, validated ones only."""
    sequences: tuple[tuple[str, str], ...] = ()
    """(schema, name) of sequences that the table's columns own."""
    unique: tuple[tuple[str, ...], ...] = ()
    """Column lists on which a unique index stands that is neither partial nor deferred."""
    kind: str = "r"
    family: bool = False
    """Whether it inherits, is inherited from, is partitioned or a partition: its rows are read by other names too."""
    row_security: bool = False
    """Whether the application has row-level security of its own on it."""

    def type_of(self, column: str) -> str:
        """Return the type of a column as SQL; raises KeyError when it is not there."""
        return dict(self.columns)[column]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The database as it would be without the gate."""

    database: str
    owner: str
    tables: Mapping[str, LiveTable]
    schemas: frozenset[str]
    roles: Mapping[str, str]
    """Role → its attributes as SQL, for instance `login inherit nosuperuser …`."""
    public_temp: bool
    public_create: bool
    public_large_objects: bool = False
    others: tuple[str, ...] = ()
    """Roles that can log in and keep what PUBLIC loses; the superusers and the database's owner need nothing."""
    database_grants: tuple[tuple[str, str], ...] = ()
    """(role, privilege) granted on the database to a role by name."""
    ours: frozenset[str] = field(default_factory=frozenset)
    """Schemas that an applied plan made."""


@dataclass(frozen=True, slots=True)
class Names:
    """Role names of one governed database; roles are cluster-wide, so the database is part of the name."""

    database: str
    gate: str
    owner: str
    witness: str
    service: str

    @staticmethod
    def of(database: str) -> Names:
        """Return the role names of a database."""
        return Names(database, *(_role(database, part) for part in ("gate", "owner", "witness", "service")))

    def purpose(self, name: str, *, held: bool) -> str:
        """Return the role that owns what a purpose sees; nobody logs in as it."""
        return _role(self.database, f"{'held' if held else 'for'}_{schema_of(name)}")

    def all(self, rules: RuleSet) -> list[str]:
        """Return every role of ours: whoever is a member of one is past the gate."""
        own = [self.gate, self.owner, self.witness, self.service]
        own += [self.purpose(name, held=False) for name in sorted({v.purpose for v in rules.views})]
        return own + [self.purpose(name, held=True) for name in sorted({i.bound for i in rules.logins if i.bound})]


def _role(database: str, part: str) -> str:
    """Return a role's name, shortened by a hash of the database's name where it would be too long."""
    full = f"sekisho_{database}_{part}"
    if len(full.encode()) <= LONGEST_NAME:
        return full
    digest = hashlib.sha256(f"{database}/{part}".encode()).hexdigest()
    return f"sekisho_{digest[:24]}_{part}"[:LONGEST_NAME]


def schema_of(purpose: str) -> str:
    """Return the schema in which a purpose's views stand, entered by permit."""
    return purpose.replace("-", "_")


def role_schema_of(purpose: str) -> str:
    """Return the schema of a purpose that a login holds by its role; no purpose's name has a double underscore."""
    return f"{schema_of(purpose)}__role"


def base(rules: RuleSet, table: str) -> str:
    """Return the quoted name of a governed table."""
    return qualified(rules.schema, table)


def children(rules: RuleSet, table: TableRule) -> list[tuple[TableRule, Link]]:
    """Return the tables whose rows belong to rows of this one, each with its link."""
    return [(t, link) for t in rules.tables for link in t.owners if link.table == table.name]
