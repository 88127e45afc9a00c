"""The data map as values: one store, its tables, the category of each column, and whose each row is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from sekisho.policy.source import Span


class Use(Enum):
    """What a column is: part of a key or link, personal data, or neither (`plain`)."""

    KEY = "key"
    PLAIN = "plain"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Column:
    """A mapped column; `category` is a data category of the policy when it is personal, else empty."""

    name: str
    use: Use
    category: str = ""
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """Rows belong to the row of `table` whose key equals these columns; a NULL part links to nothing."""

    table: str
    columns: tuple[str, ...]
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A table and whose its rows are.

    `subject` names the class of people whose rows these are (`key` identifies one of them); `owners` are links
    upwards, every one of which must stand; a table that is not `personal` is open to all purposes.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    subject: str = ""
    owners: tuple[Link, ...] = ()
    personal: bool = True
    span: Span | None = field(default=None, compare=False)
    age: str = ""
    """The column that says how old the person is: a birth date, an age in years, or an age band such as `10-12`."""

    def column(self, name: str) -> Column | None:
        """Return the mapped column of that name or None."""
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True, slots=True)
class Login:
    """A database login and its ceiling: the purposes that its permits may name.

    `bound` is the one purpose that a service holds by its role, without permits. A `backup` login reads everything
    and is listed as such. A `pooled` login sits behind a transaction pooler: no session permits. A `witness` login
    reads nothing: through it services make permits and readings durable.
    """

    name: str
    purposes: tuple[str, ...] = ()
    bound: str = ""
    backup: bool = False
    pooled: bool = False
    span: Span | None = field(default=None, compare=False)
    witness: bool = False


class Withheld(Enum):
    """How a column that a purpose may not use appears: as a typed NULL, or not at all."""

    NULL = "null"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Anchor:
    """When something was, for the people whose rows a table holds: the latest (`max`) or first (`min`) of a column."""

    name: str
    how: str
    table: str
    column: str
    span: Span | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DataMap:
    """The map of one store."""

    store: str
    engine: str
    schema: str
    withheld: Withheld
    tables: tuple[Table, ...]
    logins: tuple[Login, ...]
    anchors: tuple[Anchor, ...]
    digest: str
    span: Span | None = field(default=None, compare=False)

    def table(self, name: str) -> Table | None:
        """Return the table of that name or None."""
        return next((t for t in self.tables if t.name == name), None)


def classes_of(data_map: DataMap, table: Table) -> frozenset[str]:
    """Return the classes of people that rows of a table can belong to, following links upwards."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [table]
    while waiting:
        here = waiting.pop()
        if here.name in seen:
            continue
        seen.add(here.name)
        if here.subject:
            found.add(here.subject)
        waiting.extend(t for link in here.owners if (t := data_map.table(link.table)) is not None)
    return frozenset(found)


def anchors_of(maps: Iterable[DataMap]) -> dict[str, frozenset[str]]:
    """Return anchor → the classes of people for whom some map says when it is."""
    found: dict[str, frozenset[str]] = {}
    for data_map in maps:
        for anchor in data_map.anchors:
            table = data_map.table(anchor.table)
            classes = classes_of(data_map, table) if table is not None else frozenset[str]()
            found[anchor.name] = found.get(anchor.name, frozenset()) | classes
    return found


def by_depth(data_map: DataMap) -> tuple[Table, ...]:
    """Return the personal tables so that every owner comes before what it owns; tables on a ring are left out."""
    placed: dict[str, Table] = {}
    waiting = [t for t in data_map.tables if t.personal]
    while waiting:
        ready = [t for t in waiting if all(link.table in placed for link in t.owners)]
        if not ready:
            break
        placed.update((t.name, t) for t in ready)
        waiting = [t for t in waiting if t.name not in placed]
    return tuple(placed.values())
