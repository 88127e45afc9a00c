"""Reading: a Markdown text becomes a tree of blocks, clauses and promise blocks.

A clause is a heading or list item that ends in `{#id}`; `{#id of=customer}` also sets defaults for the promises
under it. A fenced block of kind `promise` belongs to the clause before it. Reading never raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from sekisho.policy import yamltext
from sekisho.policy.model import Block
from sekisho.policy.source import Diagnostic, Source, Span

ATTRIBUTES = re.compile(r"\s*\{#(?P<id>[^\s}]*)(?P<rest>[^{}]*)\}\s*\Z")
PAIR = re.compile(r'\s+([a-z][a-z-]*)=("[^"]*"|[^\s"]+)')
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


@dataclass(frozen=True, slots=True)
class RawClause:
    """A clause as it stands in the text; `defaults` come from its heading and the headings above it."""

    id: str
    kind: str
    level: int
    parent: str
    prose: str
    defaults: Mapping[str, str]
    span: Span


@dataclass(frozen=True, slots=True)
class RawPromise:
    """One promise before it is typed: its fields and the clause it belongs to."""

    fields: yamltext.Fields
    clause: str
    defaults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tree:
    """A text, read: front matter, blocks in order, clauses, promises."""

    source: Source
    front: yamltext.Fields | None
    blocks: tuple[Block, ...]
    clauses: tuple[RawClause, ...]
    promises: tuple[RawPromise, ...]


@dataclass
class _Reader:
    source: Source
    found: list[Diagnostic] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    clauses: list[RawClause] = field(default_factory=list)
    promises: list[RawPromise] = field(default_factory=list)
    above: list[tuple[int, str, Mapping[str, str]]] = field(default_factory=list)
    front: yamltext.Fields | None = None


def read(source: Source) -> tuple[Tree, tuple[Diagnostic, ...]]:
    """Return the tree of a text and what is wrong with it."""
    reader = _Reader(source)
    tokens = MarkdownIt("commonmark").enable("table").use(front_matter_plugin).parse(source.text)
    depth = 0
    for i, token in enumerate(tokens):
        depth += token.nesting if token.type.endswith(("bullet_list_open", "bullet_list_close")) else 0
        depth += token.nesting if token.type.startswith("ordered_list") else 0
        if token.type == "front_matter":
            reader.front = _front(reader, token)
        elif token.type == "inline":
            _inline(reader, tokens, i, depth)
        elif token.type == "fence" and token.info.split()[:1] == ["promise"]:
            _promise_block(reader, token)
        elif token.type == "fence":
            reader.blocks.append(Block("code", 0, token.content))
    if reader.front is None:
        reader.found.insert(
            0,
            Diagnostic(
                "front-missing",
                "the text has no front matter",
                source.span(0, 1),
                "begin with `---`, then `policy:`, `version:` and the other facts, then `---`",
            ),
        )
    tree = Tree(source, reader.front, tuple(reader.blocks), tuple(reader.clauses), tuple(reader.promises))
    return tree, tuple(reader.found)


def _front(reader: _Reader, token: Token) -> yamltext.Fields | None:
    start = reader.source.offset((token.map or [0, 0])[0] + 1)
    node, wrong = yamltext.parse(token.content, lambda a, b: reader.source.span(start + a, start + b))
    reader.found.extend(wrong)
    if isinstance(node, yamltext.Fields):
        return node
    if not wrong:
        reader.found.append(
            Diagnostic(
                "front", "the front matter must be `key: value` lines", reader.source.span(0, 3), "see `sekisho init`"
            )
        )
    return yamltext.Fields((), reader.source.span(0, 3))


def _inline(reader: _Reader, tokens: list[Token], i: int, depth: int) -> None:
    token, opener = tokens[i], tokens[i - 1]
    kind = "heading" if opener.type == "heading_open" else "paragraph"
    level = int(opener.tag[1]) if kind == "heading" else depth
    if kind == "paragraph" and i >= 2 and tokens[i - 2].type == "list_item_open":
        kind = "item"
    elif opener.type in ("th_open", "td_open"):
        kind = "cell"
    text, clause = token.content, ""
    match = ATTRIBUTES.search(text) if kind in ("heading", "item") else None
    if match is not None:
        text = text[: match.start()]
        clause = _clause(reader, token, match, kind, level, text)
    elif reader.clauses and kind == "paragraph":
        _more_prose(reader, text)
    if kind == "heading" and not clause:
        reader.above = [a for a in reader.above if a[0] < level]
    reader.blocks.append(Block(kind, level, text, clause))


def _more_prose(reader: _Reader, text: str) -> None:
    last = reader.clauses[-1]
    reader.clauses[-1] = RawClause(
        last.id, last.kind, last.level, last.parent, f"{last.prose}\n\n{text}", last.defaults, last.span
    )


def _clause(reader: _Reader, token: Token, match: re.Match[str], kind: str, level: int, text: str) -> str:
    span = _attribute_span(reader, token, match)
    id = match["id"]
    if not IDENTIFIER.match(id) or len(id) > 60:
        reader.found.append(
            Diagnostic(
                "clause-id", f"`{id}` cannot be a clause's id", span, "use small letters, digits and single hyphens"
            )
        )
        return ""
    if any(c.id == id for c in reader.clauses):
        reader.found.append(
            Diagnostic("clause-twice", f"the clause id `{id}` is used twice", span, "give this clause an id of its own")
        )
        return ""
    rank = level if kind == "heading" else 100 + level
    reader.above = [a for a in reader.above if a[0] < rank]
    defaults = {k: v for _, _, given in reader.above for k, v in given.items()}
    own = {m[1]: m[2].strip('"') for m in PAIR.finditer(match["rest"])}
    if PAIR.sub("", match["rest"]).strip():
        reader.found.append(
            Diagnostic("clause-default", "this is not `name=value`", span, "write it like `{#customers of=customer}`")
        )
    parent = reader.above[-1][1] if reader.above else ""
    reader.clauses.append(RawClause(id, kind, level, parent, text, {**defaults, **own}, span))
    reader.above.append((rank, id, own))
    return id


def _attribute_span(reader: _Reader, token: Token, match: re.Match[str]) -> Span:
    first, last = token.map or [0, 1]
    low, high = reader.source.offset(first), reader.source.offset(last)
    written = match.group(0).strip()
    at = reader.source.text.rfind(written, low, high)
    return reader.source.span(at, at + len(written)) if at >= 0 else reader.source.span(low, high - 1)


def _promise_block(reader: _Reader, token: Token) -> None:
    locate = _locator(reader.source, token)
    node, wrong = yamltext.parse(token.content, locate)
    reader.found.extend(wrong)
    if not reader.clauses:
        reader.found.append(
            Diagnostic(
                "promise-homeless",
                "this promise stands under no clause",
                locate(0, 1),
                "put `{#id}` on the text it keeps",
            )
        )
        return
    clause = reader.clauses[-1]
    for item in node.items if isinstance(node, yamltext.Items) else (node,):
        if isinstance(item, yamltext.Fields):
            reader.promises.append(RawPromise(item, clause.id, clause.defaults))
        elif not wrong:
            span = item.span if item is not None else locate(0, 1)
            reader.found.append(
                Diagnostic(
                    "promise-shape",
                    "a promise is `key: value` lines",
                    span,
                    "begin with its kind, like `purpose: shipping`",
                )
            )


def _locator(source: Source, token: Token) -> yamltext.Locate:
    """Return from offsets in a fence's content to spans of the file, also where the fence is indented."""
    first = (token.map or [0, 0])[0] + 1
    starts, total = [], 0
    for number, line in enumerate(token.content.split("\n")):
        row = first + number
        shown = source.line(row + 1) if row < len(source.starts) else ""
        starts.append((total, source.offset(row, max(shown.find(line), 0) if line else 0)))
        total += len(line) + 1

    def place(offset: int) -> int:
        begin, at = max((s for s in starts if s[0] <= offset), default=(0, source.offset(first)))
        return at + offset - begin

    return lambda a, b: source.span(place(a), max(place(max(b - 1, a)) + 1, place(a) + 1))
