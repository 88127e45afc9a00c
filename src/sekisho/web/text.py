"""The policy's text as a page: sections of a clause with its paragraphs, heading levels that never skip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString, mark_safe

from sekisho.policy.coverage import Kept
from sekisho.policy.model import Policy
from sekisho.policy.notice import Piece, pieces


@dataclass
class Part:
    """A heading, or a clause or paragraph; `body` is what stands under it, as (kind, HTML)."""

    kind: str
    level: int
    clause: str
    html: SafeString
    kept: Kept | None = None
    body: list[tuple[str, SafeString]] = field(default_factory=list)


def parts(policy: Policy, kept: Sequence[Kept], language: str) -> list[Part]:
    """Return the text part by part, without its title."""
    found: list[Part] = []
    level = 1
    for number, piece in enumerate(pieces(policy, kept, language)):
        if piece.kind == "heading" and piece.level == 1 and number == 0:
            continue
        if piece.kind == "heading":
            # a reader by ear steps from level to level, so a text that skips one is not taken at its word
            level = min(max(piece.level, 2), level + 1)
            found.append(Part("heading", level, piece.clause, _safe(piece), piece.kept))
        elif piece.clause or not found:
            found.append(Part(piece.kind, 0, piece.clause, _safe(piece), piece.kept))
        else:
            found[-1].body.append((piece.kind, _safe(piece)))
    return found


def _safe(piece: Piece) -> SafeString:
    return mark_safe(piece.html)  # noqa: S308 - the notice renders it without raw HTML, a test holds it to that


def title(policy: Policy, language: str) -> str:
    """Return the text's own title, or the policy's name."""
    first = policy.texts[language][0] if policy.texts.get(language) else None
    return first.text if first is not None and first.kind == "heading" and first.level == 1 else policy.name


def language_of(policy: Policy, wanted: str) -> str:
    """Return the language in which the text can be shown to somebody who wants one."""
    return wanted if wanted in policy.texts else policy.original
