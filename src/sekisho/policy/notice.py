"""The notice: the policy as people read it, each clause with how it is kept; as HTML, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt

from sekisho.ground.errors import BadInput
from sekisho.policy.coverage import Kept
from sekisho.policy.model import Block, Policy

_INLINE = MarkdownIt("commonmark", {"html": False, "linkify": False})


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the notice: a block as HTML, and how its clause is kept where it has one."""

    kind: str
    level: int
    clause: str
    html: str
    kept: Kept | None


def inline(text: str) -> str:
    """Return inline Markdown as HTML; raw HTML is shown as text."""
    return str(_INLINE.renderInline(text)).strip()


def pieces(policy: Policy, kept: Sequence[Kept], language: str) -> list[Piece]:
    """Return the notice piece by piece in a language; raises BadInput when there is no such text."""
    if language not in policy.texts:
        raise BadInput(f"there is no text in `{language}`", help=f"use one of: {', '.join(sorted(policy.texts))}")
    states = {k.clause: k for k in kept}
    return [Piece(b.kind, b.level, b.clause, inline(b.text), states.get(b.clause)) for b in policy.texts[language]]


def as_html(policy: Policy, kept: Sequence[Kept], language: str) -> str:
    """Return the notice as an HTML fragment: no style, no script, ids as the clauses' own."""
    lines = [f'<article lang="{language}">']
    for piece in pieces(policy, kept, language):
        anchor = f' id="{piece.clause}"' if piece.clause else ""
        tag = f"h{piece.level}" if piece.kind == "heading" else "p"
        lines.append(f"<{tag}{anchor}>{piece.html}</{tag}>")
        if piece.kept is not None and piece.kept.rules:
            facts = "".join(f"<li>{inline(rule)}</li>" for rule in piece.kept.rules)
            lines.append(f"<details><summary>{piece.kept.state.value}</summary><ul>{facts}</ul></details>")
    return "\n".join([*lines, "</article>", ""])


def as_markdown(policy: Policy, kept: Sequence[Kept], language: str) -> str:
    """Return the notice as Markdown, the state of each clause after it in italics."""
    states = {k.clause: k for k in kept}
    return "\n\n".join(_markdown(policy.texts[language], states)) + "\n"


def _markdown(blocks: Sequence[Block], states: dict[str, Kept]) -> Iterator[str]:
    for block in blocks:
        head = "#" * block.level + " " if block.kind == "heading" else "- " if block.kind == "item" else ""
        anchor = f" {{#{block.clause}}}" if block.clause else ""
        yield f"{head}{block.text}{anchor}"
        state = states.get(block.clause)
        if block.clause and state is not None and state.rules:
            yield f"*{state.state.value}: {'; '.join(state.rules)}*"


def as_json(policy: Policy, kept: Sequence[Kept], language: str) -> str:
    """Return the notice as JSON: facts, purposes with their DPV names, clauses with text and state."""
    states = {k.clause: k for k in kept}
    document = {
        "policy": policy.name,
        "version": policy.version.isoformat(),
        "effective": policy.effective.isoformat(),
        "digest": policy.digest,
        "controller": dict(policy.controller),
        "language": language,
        "purposes": [
            {
                "name": p.name,
                "clause": p.clause,
                "of": p.of,
                "uses": p.uses,
                "because": p.because.word,
                "keep": p.keep.text if p.keep else None,
            }
            for p in policy.purposes
            if not p.reserved
        ],
        "clauses": [
            {
                "id": c.id,
                "text": c.prose.get(language, ""),
                "state": states[c.id].state.value if c.id in states else None,
                "rules": states[c.id].rules if c.id in states else [],
                "evidence": states[c.id].count if c.id in states else 0,
            }
            for c in policy.clauses
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)
