"""What gets old: reviews that are overdue, and purposes without an end."""

from __future__ import annotations

from datetime import date

from sekisho.ground.law import Profile
from sekisho.policy.model import Policy
from sekisho.policy.source import Diagnostic, Severity


def check(policy: Policy, law: tuple[Profile, ...], today: date) -> tuple[Diagnostic, ...]:
    """Return warnings for overdue reviews and for purposes that never end."""
    found = [
        Diagnostic(
            "review-overdue",
            f"the review of `{p.name}` was due on {p.review.isoformat()}",
            p.span,
            f"{p.owner} reviews it, then sets the next date",
            Severity.WARNING,
        )
        for p in policy.procedures
        if p.review < today
    ]
    found += [
        Diagnostic(
            "keep-missing",
            f"purpose `{p.name}` does not say how long data is kept",
            p.span,
            "add `keep:` such as `1 year after last order`",
            Severity.WARNING,
        )
        for p in policy.purposes
        if not p.reserved and p.keep is None and p.keep_span is None
    ]
    return tuple(found)
