"""The closed list of what can be recorded, and which fields each kind may hold.

No field holds free text or personal data: people and staff are random handles, reasons and statements are digests,
everything else is a code, a clause, a number or an instant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sekisho.ground.errors import BadInput

_HANDLE = re.compile(r"[0-9a-f]{32}\Z").match
_DIGEST = re.compile(r"[0-9a-f]{64}\Z").match
_CODE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.:+-]{0,127}\Z").match
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z\Z").match


def _text(match: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and match(value) is not None


def _empty_or(match: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and (value == "" or match(value) is not None)


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _all(one: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list | tuple) and all(one(v) for v in value)


TYPES: Mapping[str, Callable[[object], bool]] = {
    "handle": _text(_HANDLE),
    "handles": _all(_text(_HANDLE)),
    "digest": _text(_DIGEST),
    "digests": _all(_text(_DIGEST)),
    "code": _text(_CODE),
    "code?": _empty_or(_CODE),
    "codes": _all(_text(_CODE)),
    "instant": _text(_INSTANT),
    "number": _number,
    "numbers": _all(_number),
    "handle-lists": _all(_all(_text(_HANDLE))),
    "flag": lambda value: isinstance(value, bool),
}
"""What a field may be; the names are used in `KINDS`."""

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
        "permit": "digest",
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
    "standing-projected": {"store": "code", "people": "number", "rows": "number"},
    "store-closed": {"store": "code", "epoch": "number", "actor": "handle"},
    "migration-entered": {"store": "code", "actor": "handle", "reason": "digest"},
    "checkpoint-cosigned": {"size": "number", "root": "digest", "cosigner": "code"},
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


def check(entry: Entry) -> None:
    """Raise BadInput unless the entry is of a known kind with just its fields, each of its type."""
    wanted = KINDS.get(entry.kind)
    if wanted is None:
        raise BadInput(f"`{entry.kind}` is not a kind of entry", help=f"use one of: {', '.join(sorted(KINDS))}")
    fields = entry.fields
    if fields.keys() != wanted.keys():
        odd = ", ".join(sorted(fields.keys() ^ wanted.keys()))
        raise BadInput(f"an entry of kind `{entry.kind}` has other fields than these: {odd}", help="see evidence.kinds")
    for name, type_name in wanted.items():
        if not TYPES[type_name](fields[name]):
            # the value is left out: a wrong field may hold what must never be recorded
            raise BadInput(f"field `{name}` of kind `{entry.kind}` is not a {type_name}", help="see evidence.kinds")
