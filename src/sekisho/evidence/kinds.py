"""The closed list of what can be recorded, and which fields each kind may hold.

No field holds free text or personal data: people and staff are random handles, reasons and statements are digests,
everything else is a code, a clause, a number or an instant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import GenericAlias
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, ValidationError, convert, defstruct

from sekisho.ground import canon
from sekisho.ground.errors import BadInput


class Type(NamedTuple):
    """What a field may be: its type with its length, and what its canonical bytes are without their hex digits."""

    of: Any
    rest: str


def _hex(length: int) -> Type:
    return Type(Annotated[str, Meta(min_length=length, max_length=length)], '""')


def _list(item: Type) -> Type:
    return Type(GenericAlias(list, item.of), rf"\[(?:,?{item.rest})*+\]" if item.rest else r"\[,*+\]")


_CODE = Type(Annotated[str, Meta(min_length=1, max_length=128)], '"[g-zG-ZA-F_.:+-]*+"')
_INSTANT = Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z\Z")

TYPES: Mapping[str, Type] = {
    "handle": _hex(32),
    "handles": _list(_hex(32)),
    "handle-lists": _list(_list(_hex(32))),
    "digest": _hex(64),
    "digest?": Type(Annotated[str, Meta(pattern=r"\A(?:.{64})?\Z")], '""'),
    "digests": _list(_hex(64)),
    "code": _CODE,
    "code?": Type(Annotated[str, Meta(max_length=128)], _CODE.rest),
    "codes": _list(_CODE),
    "instant": Type(Annotated[str, _INSTANT], r'"--T::\.?Z"'),
    "number": Type(Annotated[int, Meta(ge=0, lt=2**62)], ""),
    "numbers": _list(Type(Annotated[int, Meta(ge=0, lt=2**62)], "")),
    "flag": Type(bool, "(?:tru|ls)"),
}
"""The names that are used in `KINDS`: letters, digits and `_.:+-` are all that a code may hold."""

KINDS: Mapping[str, Mapping[str, str]] = {
    "policy-published": {"version": "code", "digest": "digest", "signature": "digest"},
    "plan-applied": {"store": "code", "plan": "digest", "rules": "digest", "actor": "handle"},
    "plan-removed": {"store": "code", "plan": "digest", "actor": "handle"},
    "permit-issued": {
        "store": "code",
        "purpose": "code",
        "clause": "code",
        "actor": "handle",
        "reason": "digest",
        "permit": "digest",
        "scope": "code",
        "single": "flag",
        "not_before": "instant",
        "until": "instant",
    },
    "reading": {
        "store": "code",
        "purpose": "code",
        "clause": "code",
        "grade": "code",
        "statement": "digest",
        "rows": "number",
        "people": "handles",
        "permit": "digest",
    },
    "readings": {
        "store": "code",
        "purpose": "code",
        "clause": "code",
        "grade": "code",
        "statements": "digests",
        "which": "numbers",
        "rows": "numbers",
        "people": "handle-lists",
        "actor": "handle",
        "permit": "digest?",
        "since": "instant",
    },
    "refusal": {"store": "code", "purpose": "code?", "clause": "code?", "actor": "handle", "code": "code"},
    "consent-decision": {
        "person": "handle",
        "purpose": "code",
        "clause": "code",
        "number": "number",
        "decision": "code",
        "text": "digest",
        "version": "code",
        "language": "code",
        "method": "code",
    },
    "message-sent": {
        "person": "handle",
        "purpose": "code",
        "clause": "code",
        "template": "code",
        "message": "digest",
        "attempt": "number",
    },
    "message-suppressed": {
        "person": "handle",
        "purpose": "code",
        "clause": "code",
        "template": "code",
        "message": "digest",
        "reason": "code",
    },
    "vault-changed": {"deed": "code", "actor": "handle", "people": "handles", "records": "number"},
    "keys-changed": {"deed": "code", "actor": "handle", "keys": "number", "refused": "number"},
    "standing-projected": {"store": "code", "people": "number", "rows": "number"},
    "store-closed": {"store": "code", "epoch": "number", "actor": "handle"},
    "migration-entered": {"store": "code", "actor": "handle", "reason": "digest"},
    "checkpoint-cosigned": {"size": "number", "root": "digest", "cosigner": "code", "key": "digest"},
    "bodies-dropped": {"until": "number"},
    "staff-signed-in": {"actor": "handle", "role": "code", "method": "code"},
    "staff-signed-out": {"actor": "handle", "role": "code"},
    "staff-refused": {"actor": "handle", "code": "code"},
    "staff-changed": {"actor": "handle", "member": "handle", "role": "code", "change": "code"},
    "reasons-read": {"actor": "handle", "role": "code", "entries": "numbers"},
    "drill-run": {"drill": "code", "outcome": "code"},
    "incident": {"code": "code", "store": "code?"},
}
"""Kind → field → type. Every field of a kind must be there, and no other."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact to be recorded: its kind, its instant, and the fields of that kind."""

    kind: str
    at: datetime
    fields: Mapping[str, object]


_HEX = b"0123456789abcdef"


class _Shape:
    """How entries of one kind are checked and written: types and lengths first, then the letters that are left.

    What is left of an entry when its hexadecimal digits are taken away is short and nearly always the same: names,
    quotes and codes. It is compared with those that were seen to be right, and only a new one is looked at.
    """

    def __init__(self, kind: str, fields: Mapping[str, str]) -> None:
        types = {**{name: TYPES[t] for name, t in fields.items()}, "kind": Type(str, f'"{_bare(kind)}"')}
        types["at"] = Type(datetime, r'"--T::\.?Z"')
        members = ",".join(f'"{_bare(name)}":{types[name].rest}' for name in sorted(types))
        self._fits = re.compile(rf"\{{{members}\}}".encode()).fullmatch
        self._struct = defstruct(
            "_Body", [(n, types[n].of) for n in sorted(types)], forbid_unknown_fields=True, gc=False
        )
        self._known: set[bytes] = set()

    def body(self, members: Mapping[str, object]) -> bytes | None:
        """Return the canonical bytes, or None where they are not of this shape."""
        try:
            # members of a struct are written in their order, which is that of their names: the canonical one
            body = _encode(convert(members, self._struct))
        except ValidationError:
            return None
        rest = body.translate(None, _HEX)
        if rest not in self._known:
            if self._fits(rest) is None:
                return None
            if len(self._known) < 1000:
                self._known.add(rest)
        return body


def _bare(name: str) -> str:
    return name.encode().translate(None, _HEX).decode()


_encode = msgspec.json.Encoder().encode
_SHAPES = {kind: _Shape(kind, fields).body for kind, fields in KINDS.items()}


def body_of(entry: Entry) -> bytes:
    """Return the canonical bytes of an entry; raises BadInput unless they are those of a kind, field by field."""
    kind, at = entry.kind, entry.at
    shape = _SHAPES.get(kind)
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC) if at.tzinfo is not None else at
    body = shape({**entry.fields, "kind": kind, "at": at}) if shape is not None else None
    if body is None:
        raise _wrong(entry)
    return body


def check(entry: Entry) -> None:
    """Raise BadInput unless the entry is of a known kind with just its fields, each of its type."""
    body_of(entry)


def _wrong(entry: Entry) -> BadInput:
    """Return what is wrong with an entry; a value is never shown, for it may be what must never be recorded."""
    wanted = KINDS.get(entry.kind)
    if wanted is None:
        return BadInput(f"`{entry.kind}` is not a kind of entry", help=f"use one of: {', '.join(sorted(KINDS))}")
    if entry.fields.keys() != wanted.keys():
        odd = ", ".join(sorted(map(str, entry.fields.keys() ^ wanted.keys())))
        return BadInput(
            f"an entry of kind `{entry.kind}` has other fields than these: {odd}", help="see evidence.kinds"
        )
    for name, type_name in wanted.items():
        of, rest = TYPES[type_name]
        try:
            left = canon.encode_unchecked(convert(entry.fields[name], of)).translate(None, _HEX)
        except ValidationError:
            left = b"\n"
        if re.fullmatch(rest.encode(), left) is None:
            return BadInput(f"field `{name}` of kind `{entry.kind}` is not a {type_name}", help="see evidence.kinds")
    return BadInput(f"the instant of an entry of kind `{entry.kind}` has no time zone", help="use one in UTC")
