"""How long data is kept: reading the words, and saying which of two is longer."""

from __future__ import annotations

import re

from sekisho.policy.model import Keep

AFTER = re.compile(r"([0-9]{1,3}) (day|week|month|year)s? after ([a-z][a-z -]{1,38}[a-z])\Z")
UNTIL = re.compile(r"until ([a-z][a-z -]{1,38}[a-z])\Z")
WITHDRAWN = "withdrawn"
"""The one event that needs no anchor: consent is ours to know."""


def parse(text: str) -> Keep | None:
    """Return what `1 year after last order` or `until withdrawn` means, or None where it means nothing.

    >>> parse("2 weeks after last order").days
    14
    """
    if (until := UNTIL.match(text)) is not None:
        return Keep(0, 0, "", until=until[1], text=text)
    if (after := AFTER.match(text)) is None:
        return None
    count, unit = int(after[1]), after[2]
    months = {"month": count, "year": 12 * count}.get(unit, 0)
    days = {"day": count, "week": 7 * count}.get(unit, 0)
    return Keep(months, days, after[3], text=text)


def longer(new: Keep | None, old: Keep | None) -> bool:
    """Say whether data may be kept longer than before; where two times cannot be compared, it may.

    No time at all is the longest. A month has 28 to 31 days, so `1 month` may be longer than `30 days`.
    """
    if old is None or _same(new, old):
        return False
    if new is None or new.until or old.until or new.anchor != old.anchor:
        return True
    if (new.months == 0) == (old.months == 0) and new.months <= old.months and new.days <= old.days:
        return False
    return _most(new) > _least(old)


def _same(new: Keep | None, old: Keep) -> bool:
    return new is not None and (new.months, new.days, new.anchor, new.until) == (
        old.months,
        old.days,
        old.anchor,
        old.until,
    )


def _most(keep: Keep) -> int:
    return keep.months // 12 * 366 + keep.months % 12 * 31 + keep.days


def _least(keep: Keep) -> int:
    return keep.months // 12 * 365 + keep.months % 12 * 28 + keep.days


def anchor_of(keep: Keep) -> str:
    """Return the anchor that a map must define for this, empty where none is needed."""
    return keep.anchor or (keep.until if keep.until != WITHDRAWN else "")
