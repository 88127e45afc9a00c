"""What the law says a policy must contain. Only rules read in their text and in force make a missing duty."""

from __future__ import annotations

from datetime import date

from sekisho.ground.law import Duty, Profile
from sekisho.policy.model import Policy
from sekisho.policy.source import Diagnostic, Severity


def check(policy: Policy, law: tuple[Profile, ...], today: date) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each duty that the policy does not meet; unverified or pending ones as notes."""
    found = []
    for profile in law:
        for duty in profile.duties:
            if _met(policy, duty):
                continue
            binding = duty.verified == "primary" and duty.status == "in_force" and duty.effective <= today
            why = "" if binding else f" ({duty.status.replace('_', ' ')}, {duty.verified})"
            found.append(
                Diagnostic(
                    "duty-missing" if binding else "duty-unchecked",
                    f"the policy does not say {duty.text['en']}{why}",
                    None,
                    _remedy(duty),
                    Severity.ERROR if binding else Severity.NOTE,
                    f"{profile.name} {duty.article}",
                )
            )
    return tuple(found)


def _met(policy: Policy, duty: Duty) -> bool:
    what, _, name = duty.needs.partition(":")
    if what == "controller":
        return bool(policy.controller.get(name))
    if what == "right":
        return any(p.kind == "right" and p.name == name for p in policy.promises)
    if what == "kind":
        own = [p for p in policy.purposes if not p.reserved]
        return bool(own) if name == "purpose" else any(p.kind == name for p in policy.promises)
    if what == "every-purpose-keep":
        return all(p.keep is not None for p in policy.purposes if not p.reserved)
    return True


def _remedy(duty: Duty) -> str:
    what, _, name = duty.needs.partition(":")
    return {
        "controller": f"add `{name}:` to `controller:` in the front matter",
        "right": f"add a clause with `right: {name}`",
        "kind": f"add a clause with a `{name}:` promise",
        "every-purpose-keep": "give every purpose a `keep:`",
    }.get(what, "say it in a clause")
