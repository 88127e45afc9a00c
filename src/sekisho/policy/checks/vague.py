"""Purposes that say nothing: the law asks for a purpose as concrete as can be (APPI art. 17(1); guideline 3-1-1)."""

from __future__ import annotations

from datetime import date

from sekisho.ground.law import Profile
from sekisho.policy.model import Policy
from sekisho.policy.source import Diagnostic

PHRASES = (
    "business activities",
    "business purposes",
    "marketing activities",
    "improve our services",
    "other purposes",
    "事業活動",
    "マーケティング活動",
    "サービスの向上のため",
    "その他の目的",
    "当社の業務のため",
)


def check(policy: Policy, law: tuple[Profile, ...], today: date) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each clause of a purpose whose prose is too vague to tell what is done."""
    found = []
    for purpose in policy.purposes:
        clause = policy.clause(purpose.clause)
        if clause is None:
            continue
        for prose in clause.prose.values():
            phrase = next((p for p in PHRASES if p in prose.lower()), None)
            if phrase is not None:
                found.append(
                    Diagnostic(
                        "purpose-vague",
                        f"`{phrase}` does not tell people what is done with their data",
                        clause.span,
                        "say what is done, so that somebody can picture it",
                        article="APPI 17(1)" if "jp-appi" in policy.law else "",
                    )
                )
    return tuple(found)
