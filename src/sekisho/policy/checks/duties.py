"""What the law says a policy must contain. Only rules read in their text and in force make a missing duty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from sekisho.ground.law import Duty, Profile
from sekisho.policy.model import Policy, Promise, covers
from sekisho.policy.source import Diagnostic, Severity, Span


def check(policy: Policy, law: tuple[Profile, ...], today: date) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each duty that the policy does not meet; unverified or pending ones as notes."""
    return tuple(
        _missing(policy, profile, duty, today)
        for profile in law
        for duty in profile.duties
        if APPLIES[duty.when](policy, profile) and not _met(policy, profile, duty)
    )


def binding(duty: Duty, today: date) -> bool:
    """Say whether a duty is in force today and was read in the text of the law."""
    return duty.verified == "primary" and duty.status == "in_force" and duty.effective <= today


def _missing(policy: Policy, profile: Profile, duty: Duty, today: date) -> Diagnostic:
    what, _, name = duty.needs.partition(":")
    place, article = _place(policy, what), f"{profile.name} {duty.article}"
    says, bound = duty.text["en"], binding(duty, today)
    if what == "none":
        message = f"a program cannot see whether the policy says {says}{'' if bound else _why(duty)}"
        return Diagnostic("duty-unseen", message, place, "read your clauses for it", Severity.NOTE, article)
    message = f"the policy does not say {says}{'' if bound else _why(duty)}"
    if bound:
        return Diagnostic("duty-missing", message, place, _remedy(what, name), Severity.ERROR, article)
    return Diagnostic("duty-unchecked", message, place, _remedy(what, name), Severity.NOTE, article)


def _why(duty: Duty) -> str:
    if duty.status == "enacted_pending":
        return f" (enacted, in force by {duty.effective.isoformat()})"
    if duty.status == "draft":
        return " (a draft)"
    if duty.verified != "primary":
        return " (unchecked: the text of the law was not read)"
    return f" (in force from {duty.effective.isoformat()})"


def _place(policy: Policy, what: str) -> Span | None:
    return policy.front.get("controller" if what == "controller" else "law")


def _met(policy: Policy, profile: Profile, duty: Duty) -> bool:
    what, _, name = duty.needs.partition(":")
    if what == "controller":
        return bool(policy.controller.get(name))
    if what == "right":
        return any(p.name == name for p in _of_kind(policy, "right"))
    if what == "kind":
        own = [p for p in policy.purposes if not p.reserved]
        return bool(own) if name == "purpose" else bool(_of_kind(policy, name))
    if what == "kind-for":
        covered = {str(p.fields.get("country")) for p in _of_kind(policy, "transfer")}
        return all(c in covered for c in _abroad(policy, profile))
    if what == "every-purpose-keep":
        return all(p.keep is not None for p in policy.purposes if not p.reserved)
    return False


def _of_kind(policy: Policy, kind: str) -> list[Promise]:
    return [p for p in policy.promises if p.kind == kind]


def _abroad(policy: Policy, profile: Profile) -> list[str]:
    """Return the countries outside the law's own where somebody works for the controller."""
    named = [str(p.fields["country"]) for p in _of_kind(policy, "entrust") if "country" in p.fields]
    return [c for c in named if c not in profile.countries]


def _special(policy: Policy) -> bool:
    special = [c.name for c in policy.categories if c.special]
    return any(covers(p.uses, c) or covers((c,), u) for p in policy.purposes for c in special for u in p.uses)


def _because(policy: Policy, code: str) -> bool:
    return any(p.fields.get("because") == code for p in _of_kind(policy, "disclose"))


APPLIES: Mapping[str, Callable[[Policy, Profile], bool]] = {
    "": lambda policy, profile: True,
    "uses-special": lambda policy, profile: _special(policy),
    "entrusts": lambda policy, profile: bool(_of_kind(policy, "entrust")),
    "entrusts-abroad": lambda policy, profile: bool(_abroad(policy, profile)),
    "discloses": lambda policy, profile: bool(_of_kind(policy, "disclose")),
    "transfers": lambda policy, profile: bool(_of_kind(policy, "transfer")),
    "joint-use": lambda policy, profile: _because(policy, "JP27-5-3"),
    "opt-out": lambda policy, profile: _because(policy, "JP27-2-OPTOUT"),
    "mails": lambda policy, profile: any(p.because.opt_in for p in policy.purposes),
}
"""When a duty falls on a policy, by the words of `sekisho.ground.law.WHEN`."""


def _remedy(what: str, name: str) -> str:
    return {
        "controller": f"add `{name}:` to `controller:` in the front matter",
        "right": f"add a clause with `right: {name}`",
        "kind": f"add a clause with a `{name}:` promise",
        "kind-for": "add a `transfer:` promise with the same `country:` and its `basis:`",
        "every-purpose-keep": "give every purpose a `keep:`",
    }[what]
