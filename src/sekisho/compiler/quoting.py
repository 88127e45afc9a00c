"""Quoting: the only way a name or value from a policy or map enters SQL text.

Names keep every character they have; what a database cannot hold as a name is refused. The rules are the SQL
standard's: `"` doubled inside identifiers, `'` doubled inside literals, never a backslash escape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sekisho.ground.errors import BadInput

LONGEST_NAME = 63
"""Bytes of UTF-8 that PostgreSQL keeps of an identifier (NAMEDATALEN - 1); longer ones would be cut silently."""


def ident(name: str) -> str:
    """Return a name as a delimited identifier; raises BadInput where it is empty, too long or holds NUL."""
    if not name or "\0" in name or len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
        raise BadInput(f"`{name!r}` cannot be a database name", help="use 1 to 63 bytes without NUL")
    return '"' + name.replace('"', '""') + '"'


def qualified(schema: str, name: str) -> str:
    """Return `schema.name` with both quoted."""
    return f"{ident(schema)}.{ident(name)}"


def literal(text: str) -> str:
    """Return a text as a string literal, safe under any setting of standard_conforming_strings."""
    if "\0" in text:
        raise BadInput("a text for the database holds NUL", help="remove the character U+0000")
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    return "E" + quoted if "\\" in text else quoted


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
