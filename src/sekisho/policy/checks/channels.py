"""Channels: what is asked of people must be of use to one of the purposes that it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sekisho.ground.law import Profile
from sekisho.policy.model import Policy, Promise, covers
from sekisho.policy.source import Diagnostic, Severity


def check(policy: Policy, law: tuple[Profile, ...], today: date) -> tuple[Diagnostic, ...]:
    """Return a warning for each channel that asks for data which no purpose of it uses."""
    return tuple(
        Diagnostic(
            "collect-unused",
            f"channel `{promise.name}` asks for `{asked}`, which none of its purposes uses",
            promise.span,
            "do not ask for it, or name the purpose it is for",
            Severity.WARNING,
        )
        for promise in policy.promises
        if promise.kind == "collect"
        for asked in _texts(promise, "asks")
        if not _used(policy, promise, asked)
    )


def _used(policy: Policy, promise: Promise, asked: str) -> bool:
    """Say whether a purpose of the channel uses a category, or a part of it; reserved purposes use what they need."""
    purposes = [p for n in _texts(promise, "for") if (p := policy.purpose(n)) is not None]
    return any(p.reserved or covers(p.uses, asked) or any(covers((asked,), u) for u in p.uses) for p in purposes)


def _texts(promise: Promise, field: str) -> Iterable[str]:
    value = promise.fields.get(field)
    return map(str, value) if isinstance(value, tuple) else ()
