"""Anchors: an end that nobody can date is a silent "for ever", so a map must say what each one is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sekisho.policy.keep import anchor_of
from sekisho.policy.model import Keep, Policy
from sekisho.policy.source import Diagnostic, Severity, Span
from sekisho.policy.typed import nearest


def check(policy: Policy, defined: Mapping[str, str] | None) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each `keep:` whose anchor no map defines.

    `defined` is anchor → the column that dates it, over all maps of the folder; None where there is no map at all,
    which makes a single note.
    """
    asked = list(_asked(policy))
    if defined is None:
        return (_no_map(asked[0][2], len({a for a, _, _ in asked})),) if asked else ()
    return tuple(_unknown(anchor, what, span, defined) for anchor, what, span in asked if anchor not in defined)


def _asked(policy: Policy) -> Iterable[tuple[str, str, Span | None]]:
    """Yield each anchor that is asked for, what asks for it, and where."""
    for purpose in policy.purposes:
        if purpose.keep is not None and (anchor := anchor_of(purpose.keep)):
            yield anchor, f"purpose `{purpose.name}`", purpose.keep_span or purpose.span
    for promise in policy.promises:
        kept = promise.fields.get("keep")
        if isinstance(kept, Keep) and (anchor := anchor_of(kept)):
            yield anchor, f"{promise.kind} `{promise.name}`", promise.keep_span or promise.span


def _unknown(anchor: str, what: str, span: Span | None, defined: Mapping[str, str]) -> Diagnostic:
    message = f"no map says when `{anchor}` is, so {what} would be kept for ever"
    example = f"define it under `anchors:` in a map, like `{anchor}: max(orders.created_at)`"
    close = (
        f"{nearest(anchor, defined)}{' otherwise' if '?' in nearest(anchor, defined) else ', or'} " if defined else ""
    )
    return Diagnostic("anchor-unknown", message, span, close + example)


def _no_map(span: Span | None, count: int) -> Diagnostic:
    message = f"{count} anchors are named, and no map says when they are" if count > 1 else "no map says when this is"
    return Diagnostic("anchor-unmapped", message, span, "write `map/STORE.yaml` with `anchors:`", Severity.NOTE)
