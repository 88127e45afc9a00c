"""The notice: the policy as people read it, each clause with how it is kept; as HTML, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from markdown_it import MarkdownIt

from sekisho.ground.errors import BadInput
from sekisho.policy.coverage import Kept
from sekisho.policy.model import Block, Policy

# raw HTML is shown as text; a picture from elsewhere would tell its host who reads the policy
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the notice: a block as HTML, and how its clause is kept where it has one.

    The HTML of a `table` or `code` is whole; that of the others is what stands inside their element.
    """

    kind: str
    level: int
    clause: str
    html: str
    kept: Kept | None
    mark: str = ""


def inline(text: str) -> str:
    """Return inline Markdown as HTML; raw HTML is shown as text, and addresses that run code are no links."""
    return str(_MARKDOWN.renderInline(text)).strip()


def pieces(policy: Policy, kept: Sequence[Kept], language: str) -> list[Piece]:
    """Return the notice piece by piece in a language; raises BadInput when there is no such text."""
    states = {k.clause: k for k in kept}
    return [Piece(b.kind, b.level, b.clause, _html(b), states.get(b.clause), b.mark) for b in _text(policy, language)]


def _text(policy: Policy, language: str) -> tuple[Block, ...]:
    if language not in policy.texts:
        raise BadInput(f"there is no text in `{language}`", help=f"use one of: {', '.join(sorted(policy.texts))}")
    return policy.texts[language]


def _html(block: Block) -> str:
    if block.kind == "table":
        return str(_MARKDOWN.render(block.text)).strip()
    if block.kind == "code":
        return f"<pre><code>{escape(block.text)}</code></pre>"
    return inline(block.text)


def as_html(policy: Policy, kept: Sequence[Kept], language: str) -> str:
    """Return the notice as an HTML fragment: no style, no script, ids as the clauses' own."""
    lines, lists = [f'<article lang="{escape(language)}">'], list[str]()
    for piece in pieces(policy, kept, language):
        lines += _lists(lists, piece)
        lines += _lines(piece)
    return "\n".join([*lines, *_closed(lists, 0), "</article>", ""])


def _lists(lists: list[str], piece: Piece) -> list[str]:
    """Open and close lists until a piece may stand; `lists` are those that are open, each with an item that is."""
    item = piece.kind == "item"
    wanted = max(piece.level, 1) if item else piece.level if piece.kind == "paragraph" else 0
    tag = "ol" if piece.mark else "ul"
    lines = _closed(lists, wanted)
    if item and len(lists) == wanted:
        lines += ["</li>"] if lists[-1] == tag else _closed(lists, wanted - 1)
    while item and len(lists) < wanted:
        lists.append(tag)
        lines.append(f"<{tag}>" if len(lists) == wanted else f"<{tag}><li>")
    return lines


def _closed(lists: list[str], depth: int) -> list[str]:
    return [f"</li></{lists.pop()}>" for _ in range(len(lists) - depth)]


def _lines(piece: Piece) -> Iterator[str]:
    anchor = f' id="{piece.clause}"' if piece.clause else ""
    kept = _kept(piece.kept)
    if piece.kind == "item":
        value = f' value="{int(piece.mark)}"' if piece.mark else ""
        yield f"<li{anchor}{value}>{piece.html}{kept}"
        return
    if piece.kind in ("table", "code"):
        yield piece.html
        return
    tag = f"h{piece.level}" if piece.kind == "heading" else "p"
    yield f"<{tag}{anchor}>{piece.html}</{tag}>"
    if kept:
        yield kept


def _kept(kept: Kept | None) -> str:
    if kept is None or not kept.rules:
        return ""
    rules = "".join(f"<li>{escape(rule)}</li>" for rule in kept.rules)
    return f"<details><summary>{escape(kept.state.value)}</summary><ul>{rules}</ul></details>"


def as_markdown(policy: Policy, kept: Sequence[Kept], language: str) -> str:
    """Return the notice as Markdown, the state of each clause after it in italics."""
    states = {k.clause: k for k in kept}
    return "\n\n".join(_markdown(_text(policy, language), states)) + "\n"


def _markdown(blocks: Sequence[Block], states: dict[str, Kept]) -> Iterator[str]:
    for block in blocks:
        yield _as_written(block)
        state = states.get(block.clause)
        if block.clause and state is not None and state.rules:
            yield f"*{state.state.value}: {'; '.join(state.rules)}*"


def _as_written(block: Block) -> str:
    anchor = f" {{#{block.clause}}}" if block.clause else ""
    if block.kind == "code":
        return "\n".join(f"    {line}" for line in block.text.rstrip("\n").split("\n"))
    if block.kind == "item":
        mark = f"{block.mark}." if block.mark else "-"
        return f"{'   ' * max(block.level - 1, 0)}{mark} {block.text}{anchor}"
    return f"{'#' * block.level} {block.text}{anchor}" if block.kind == "heading" else block.text


def as_json(policy: Policy, kept: Sequence[Kept], language: str) -> str:
    """Return the notice as JSON: facts, purposes with their DPV names, clauses with text and state."""
    _text(policy, language)
    states = {k.clause: k for k in kept}
    document = {
        "policy": policy.name,
        "version": policy.version.isoformat(),
        "effective": policy.effective.isoformat(),
        "digest": policy.digest,
        "signed_by": dict(policy.signed_by),
        "controller": dict(policy.controller),
        "law": policy.law,
        "language": language,
        "purposes": [
            {
                "name": p.name,
                "clause": p.clause,
                "of": p.of,
                "uses": p.uses,
                "because": ": ".join(filter(None, (p.because.word, p.because.detail))),
                "dpv": p.dpv or None,
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
