"""Anchors: an end that nobody can date is a silent "for ever", so a map must say what each one is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sekisho.policy.keep import anchor_of
from sekisho.policy.model import Keep, Policy
from sekisho.policy.source import Diagnostic, Severity, Span
from sekisho.policy.typed import nearest


@dataclass(frozen=True, slots=True)
class _Asked:
    """An anchor that a promise asks for, for these classes of people."""

    anchor: str
    what: str
    classes: tuple[str, ...]
    span: Span | None


def check(policy: Policy, defined: Mapping[str, Iterable[str]] | None) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each `keep:` whose anchor no map defines, or none for the people it is about.

    `defined` is anchor → the classes for whom some map of the folder dates it; None where there is no map at all,
    which makes a single note.
    """
    asked = list(_asked(policy))
    if defined is None:
        return (_no_map(asked),) if asked else ()
    return tuple(d for one in asked if (d := _wrong(one, defined)) is not None)


def _asked(policy: Policy) -> Iterable[_Asked]:
    for purpose in policy.purposes:
        if purpose.keep is not None and (anchor := anchor_of(purpose.keep)):
            what = f"purpose `{purpose.name}`"
            yield _Asked(anchor, what, purpose.of, purpose.keep_span or purpose.span)
    for promise in policy.promises:
        kept = promise.fields.get("keep")
        if isinstance(kept, Keep) and (anchor := anchor_of(kept)):
            yield _Asked(anchor, f"{promise.kind} `{promise.name}`", (), promise.keep_span or promise.span)


def _wrong(asked: _Asked, defined: Mapping[str, Iterable[str]]) -> Diagnostic | None:
    anchor = asked.anchor
    if anchor not in defined:
        message = f"no map says when `{anchor}` is, so {asked.what} would keep data for ever"
        example = f"define it under `anchors:` in a map, like `{anchor}: max(orders.created_at)`"
        return Diagnostic("anchor-unknown", message, asked.span, _nearest(anchor, defined) + example)
    without = [c for c in asked.classes if c not in defined[anchor]]
    if without:
        message = f"no map says when `{anchor}` is for `{without[0]}`, so {asked.what} would keep their data for ever"
        help = f"add a column of theirs to `{anchor}:` under `anchors:` in a map"
        return Diagnostic("anchor-class", message, asked.span, help)
    return None


def _nearest(anchor: str, defined: Mapping[str, Iterable[str]]) -> str:
    close = nearest(anchor, defined)
    return f"{close} otherwise " if close.endswith("?") else f"{close}, or " if close else ""


def _no_map(asked: list[_Asked]) -> Diagnostic:
    names = list(dict.fromkeys(f"`{a.anchor}`" for a in asked))
    shown = ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
    message = f"no map says when {shown} {'is' if len(names) == 1 else 'are'}"
    return Diagnostic(
        "anchor-unmapped", message, asked[0].span, "write `map/STORE.yaml` with `anchors:`", Severity.NOTE
    )
