"""Quoting: the only way a name or value from a policy or map enters SQL text.

Names keep every character they have; what a database cannot hold as a name is refused. The rules are the SQL
standard's: `"` doubled inside identifiers, `'` doubled inside literals, never a backslash escape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from sekisho.ground.errors import BadInput

LONGEST_NAME = 63
"""Bytes of UTF-8 that PostgreSQL keeps of an identifier (NAMEDATALEN - 1); longer ones would be cut silently."""


def ident(name: str) -> str:
    """Return a name as a delimited identifier; raises BadInput where it is empty, too long or cannot be stored."""
    if not name or not _holdable(name) or len(name.encode()) > LONGEST_NAME:
        raise BadInput(f"`{name!r}` cannot be a database name", help="use 1 to 63 bytes without NUL")
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """Return `schema.name` with both quoted."""
    return f"{ident(schema)}.{ident(name)}"


def literal(text: str) -> str:
    """Return a text as a string literal, safe under any setting of standard_conforming_strings."""
    if not _holdable(text):
        raise BadInput("a text for the database holds what it cannot store", help="remove U+0000 and lone surrogates")
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    return "E" + quoted if "\\" in text else quoted


def _holdable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def dollar(body: str) -> str:
    """Return a body of code between dollar quotes whose tag does not occur in it, whatever names it holds."""
    tag = "$sekisho$"
    while tag in body:
        tag = f"${tag[1:-1]}_$"
    return f"{tag}{body}{tag}"


def made_name(part: str, name: str) -> str:
    """Return `part name` as a name of our own, the end replaced by a hash where it would be too long."""
    full = f"{part} {name}"
    if len(full.encode()) <= LONGEST_NAME:
        return full
    return f"{part} {hashlib.sha256(name.encode()).hexdigest()[:32]}"


def plain_literal(text: str) -> str:
    """Return a text as a string literal where a backslash is nothing special: SQLite."""
    if not _holdable(text):
        raise BadInput("a text for the database holds what it cannot store", help="remove U+0000 and lone surrogates")
    return "'" + text.replace("'", "''") + "'"


def listed(names: Iterable[str]) -> str:
    """Return names as a comma-separated list of identifiers."""
    return ", ".join(ident(n) for n in names)


def fill(template: str, names: Mapping[str, str]) -> str:
    """Return SQL text with each `{{name}}` replaced by SQL that is already quoted; an unknown one raises KeyError."""
    pieces = template.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, rest = piece.split("}}", 1)
        filled += [names[name], rest]
    return "".join(filled)
