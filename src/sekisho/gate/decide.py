"""Deciding: may this login state this purpose, for this reason? A verdict always names the clause.

Pure: the instant is an argument. What a verdict allows is then still bounded by the database: which columns and
whose rows is compiled, not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sekisho.compiler.rules import LoginRule, RuleSet

PERSON_LIMIT = timedelta(minutes=15)
"""The longest life of a permit (enforcement: people, single use, at most fifteen minutes)."""

PASTE_LIMIT = timedelta(seconds=60)
"""How long a permit that is not bound to a backend can be redeemed."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody asks to read: who (a handle), through which login, for which purpose, why, and for whose case."""

    login: str
    purpose: str
    actor: str
    reason: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes or no, the clause that says so, a code from a closed list, and a sentence with its remedy."""

    allowed: bool
    clause: str
    code: str
    says: str
    help: str = ""


def decide(ask: Ask, rules: RuleSet) -> Verdict:  # noqa: PLR0911 - one return per reason is the table of refusals
    """Return whether a permit may be issued; unknown is "no"."""
    login = next((i for i in rules.logins if i.name == ask.login), None)
    purpose = rules.purpose(ask.purpose)
    if purpose is None:
        known = ", ".join(sorted({name for i in rules.logins for name in i.purposes}))
        return Verdict(
            False, "", "unknown-purpose", f"`{ask.purpose}` is not a purpose of the policy", f"state one of: {known}"
        )
    if login is None:
        return Verdict(
            False,
            purpose.clause,
            "unknown-login",
            f"login `{ask.login}` is not in the map of `{rules.store}`",
            "add it under `logins:` with its purposes, then plan and apply",
        )
    if ask.purpose not in login.purposes:
        return Verdict(False, purpose.clause, "above-ceiling", *_above(login, ask.purpose))
    if not ask.reason.strip():
        return Verdict(
            False, purpose.clause, "no-reason", "a permit needs a reason", "say why, for instance a ticket: --reason"
        )
    if purpose.name == "answer-requests" and not ask.subject:
        return Verdict(
            False,
            purpose.clause,
            "no-person",
            "`answer-requests` serves the request of one person",
            "name the person's key: --subject",
        )
    if not any(v.purpose == ask.purpose for v in rules.views):
        return Verdict(
            False,
            purpose.clause,
            "sees-nothing",
            f"purpose `{ask.purpose}` sees nothing in store `{rules.store}`",
            "map a column to a category it uses",
        )
    return Verdict(True, purpose.clause, "allowed", f"clause #{purpose.clause} allows `{ask.purpose}`")


def _above(login: LoginRule, purpose: str) -> tuple[str, str]:
    may = ", ".join(f"`{p}`" for p in login.purposes) or "none"
    return (
        f"login `{login.name}` may not state purpose `{purpose}`",
        f"its ceiling holds: {may}; widen it in the map, then plan and apply",
    )
