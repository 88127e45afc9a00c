"""Reading: a Markdown text becomes a tree of blocks, clauses and promise blocks.

A clause is a heading or list item that ends in `{#id}`; `{#id of=customer}` also sets defaults for the promises
under it. A fenced block of kind `promise` belongs to the clause before it. What looks like a clause or a promise but
is none of them is a diagnostic, for otherwise a promise would be lost without a word. Reading never raises.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from sekisho.policy import yamltext
from sekisho.policy.model import Block
from sekisho.policy.source import Diagnostic, Severity, Source, Span, quoted

ATTRIBUTES = re.compile(r"\{#(?P<id>[^\s{}]*)(?P<rest>[^{}]*)\}\s*\Z")
STRAY = re.compile(r"\{#[^{}\n]*\}")
PAIR = re.compile(r'\s+([a-z][a-z-]*)=("[^"]*"|[^\s"]+)')
IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
LONGEST_ID = 60
OF_THE_LANGUAGE = ("reserved",)
"""Ids that no text can use: the reserved purposes stand under it."""
ITEM_RANK = 100
"""A list item stands under every heading, however deep."""


@dataclass(frozen=True, slots=True)
class RawClause:
    """A clause as it stands in the text; `defaults` come from its heading and the headings above it."""

    id: str
    kind: str
    level: int
    parent: str
    prose: str
    defaults: Mapping[str, yamltext.Scalar]
    span: Span


@dataclass(frozen=True, slots=True)
class RawPromise:
    """One promise before it is typed: its fields and the clause it belongs to."""

    fields: yamltext.Fields
    clause: str
    defaults: Mapping[str, yamltext.Scalar]


@dataclass(frozen=True, slots=True)
class Tree:
    """A text, read: front matter (None where it cannot be read), blocks in order, clauses, promises."""

    source: Source
    front: yamltext.Fields | None
    blocks: tuple[Block, ...]
    clauses: tuple[RawClause, ...]
    promises: tuple[RawPromise, ...]


@dataclass
class _Reader:
    """What was read so far; `here` is the place in `clauses` of the clause that text and promises belong to."""

    source: Source
    found: list[Diagnostic] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    clauses: list[RawClause] = field(default_factory=list)
    promises: list[RawPromise] = field(default_factory=list)
    above: list[tuple[int, int, Mapping[str, yamltext.Scalar]]] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    here: int | None = None
    unnamed: str = ""
    front: yamltext.Fields | None = None
    fronted: bool = False

    def say(self, code: str, message: str, span: Span, help: str, severity: Severity = Severity.ERROR) -> None:
        self.found.append(Diagnostic(code, message, span, help, severity))

    def lines(self, token: Token) -> Span:
        """Return the span of the lines a token stands in, without the end of the last."""
        first, last = token.map or [0, 1]
        return self.source.span(self.source.offset(first), max(self.source.offset(last) - 1, 0))


def read(source: Source) -> tuple[Tree, tuple[Diagnostic, ...]]:
    """Return the tree of a text and what is wrong with it."""
    reader = _Reader(source)
    depth, table = 0, 0
    tokens = _tokens(reader)
    for i, token in enumerate(tokens):
        depth += token.nesting if token.type.startswith(("bullet_list", "ordered_list")) else 0
        table += token.nesting if token.type.startswith("table_") else 0
        if token.type == "table_open":
            _table(reader, token)
        elif token.type == "inline" and not table:
            _inline(reader, tokens, i, depth)
        elif token.type == "fence":
            _fence(reader, token)
        else:
            _other(reader, token)
    if not reader.fronted:
        _no_front(reader)
    tree = Tree(source, reader.front, tuple(reader.blocks), tuple(reader.clauses), tuple(reader.promises))
    return tree, tuple(reader.found)


def _tokens(reader: _Reader) -> list[Token]:
    # the parser wants an end of line after the last line; a text without one means the same
    text = reader.source.text if reader.source.text.endswith("\n") else reader.source.text + "\n"
    found: dict[str, dict[str, dict[str, list[int]]]] = {}
    # what stands inside a line is rendered where it is shown; here only blocks matter
    tokens = MarkdownIt("commonmark").enable("table").disable("inline").use(front_matter_plugin).parse(text, found)
    for definition in found.get("references", {}).values():
        first = definition["map"][0]
        span = reader.source.span(reader.source.offset(first), reader.source.offset(first + 1) - 1)
        help = "write the address where the link is: `[words](https://…)`"
        reader.say("link-definition", "addresses of links that stand apart are not read", span, help)
    return tokens


def _other(reader: _Reader, token: Token) -> None:
    if token.type == "front_matter":
        reader.front, reader.fronted = _front(reader, token), True
    elif token.type == "code_block":
        if "```promise" in token.content:
            reader.say(
                "promise-indented",
                "this promise is indented so far that it is code",
                reader.source.span(reader.lines(token).start, reader.source.offset((token.map or [0])[0] + 1) - 1),
                "indent it as far as the text of its clause, or not at all",
            )
        reader.blocks.append(Block("code", 0, token.content))
    elif token.type == "html_block":
        _html(reader, token)


def _html(reader: _Reader, token: Token) -> None:
    """Leave comments out, and say so where anything else, or all that follows, is left out with them."""
    before, *comments = token.content.split("<!--")
    outside = [before, *(c.partition("-->")[2] for c in comments)]
    lines = reader.lines(token)
    if any("-->" not in c for c in comments):
        help = "end it with `-->`"
        reader.say("comment-open", "this comment is not closed, so what follows is left out", lines, help)
    elif "".join(outside).strip():
        help = "write it as Markdown, so that people see it"
        reader.say("html", "HTML is left out of the notice", lines, help, Severity.WARNING)


def _no_front(reader: _Reader) -> None:
    begun = reader.source.line(1).startswith("---")
    reader.found.insert(
        0,
        Diagnostic(
            "front-open" if begun else "front-none",
            "the front matter is not closed" if begun else "the text has no front matter",
            reader.source.span(0, 3 if begun else 1),
            "end it with a line `---`"
            if begun
            else "begin with `---`, then `policy:`, `version:` and the other facts, then `---`",
        ),
    )


def _front(reader: _Reader, token: Token) -> yamltext.Fields | None:
    start = reader.source.offset((token.map or [0, 0])[0] + 1)
    node, wrong = yamltext.parse(token.content, lambda a, b: reader.source.span(start + a, start + b))
    reader.found.extend(wrong)
    if isinstance(node, yamltext.Fields):
        return node
    if not wrong:
        span = node.span if node is not None else reader.source.span(0, 3)
        reader.say("front-lines", "the front matter is `key: value` lines", span, "begin with `policy:` and its name")
    return None


def _table(reader: _Reader, token: Token) -> None:
    """Take a table as one block, as it stands; its text belongs to the clause before it."""
    span = reader.lines(token)
    text = reader.source.text[span.start : span.end].rstrip()
    _stray(reader, token, text)
    _more_prose(reader, text)
    reader.blocks.append(Block("table", 0, text))


def _inline(reader: _Reader, tokens: list[Token], i: int, depth: int) -> None:
    token, opener = tokens[i], tokens[i - 1]
    kind = "heading" if opener.type == "heading_open" else "paragraph"
    level = int(opener.tag[1]) if kind == "heading" else depth
    if kind == "paragraph" and i >= 2 and tokens[i - 2].type == "list_item_open":
        kind = "item"
    text, clause = token.content, ""
    mark = tokens[i - 2].info if kind == "item" else ""
    match = _attributes(text) if kind in ("heading", "item") else None
    if match is not None:
        text = text[: match.start()].rstrip()
        clause = _clause(reader, token, match, kind, level, text)
    else:
        _stray(reader, token, text)
    if kind == "heading" and not clause:
        _unnamed_heading(reader, level, text)
    elif not clause:
        _more_prose(reader, text)
    reader.blocks.append(Block(kind, level, text, clause, mark))


def _attributes(text: str) -> re.Match[str] | None:
    """Return the `{#id …}` that a text ends in; looked for from its end, so that a long text takes no longer."""
    at = text.rfind("{#")
    return ATTRIBUTES.match(text, at) if at >= 0 and not text[:at].endswith("\\") else None


def _stray(reader: _Reader, token: Token, text: str) -> None:
    """Say so where something written like a clause's id stands where it names no clause."""
    match = STRAY.search(text)
    if match is None:
        return
    span = _find(reader, token, match[0])
    if not reader.source.text[max(span.start - 1, 0) : span.start].endswith(("`", "\\")):
        help = "put it at the end of a heading or a list item"
        reader.say("clause-place", f"{quoted(match[0])} names no clause here", span, help)


def _unnamed_heading(reader: _Reader, level: int, text: str) -> None:
    """A heading without an id continues the clause of the heading above it, or ends what stood before it."""
    reader.above = [a for a in reader.above if a[0] < level]
    reader.here = reader.above[-1][1] if reader.above else None
    reader.unnamed = text
    _more_prose(reader, text)


def _more_prose(reader: _Reader, text: str) -> None:
    if reader.here is not None:
        last = reader.clauses[reader.here]
        reader.clauses[reader.here] = replace(last, prose=f"{last.prose}\n\n{text}")


def _clause(reader: _Reader, token: Token, match: re.Match[str], kind: str, level: int, text: str) -> str:
    span = _find(reader, token, match[0].strip())
    id = match["id"]
    if not IDENTIFIER.match(id) or len(id) > LONGEST_ID or id in OF_THE_LANGUAGE:
        help = f"use small letters, digits and single hyphens, up to {LONGEST_ID} characters"
        if id in OF_THE_LANGUAGE:
            help = "choose another; this one stands for the purposes that every policy has"
        message = f"{quoted(id)} cannot be a clause's id" if id else "this clause's id is empty"
        reader.say("clause-id", message, span, help)
        return ""
    if id in reader.ids:
        reader.say("clause-twice", f"the clause id `{id}` is used twice", span, "give this clause an id of its own")
        return ""
    rank = level if kind == "heading" else ITEM_RANK + level
    reader.above = [a for a in reader.above if a[0] < rank]
    own = _own_defaults(reader, match, span)
    parent = reader.clauses[reader.above[-1][1]].id if reader.above else ""
    defaults = {k: v for _, _, given in reader.above for k, v in given.items()}
    reader.here = reader.ids[id] = len(reader.clauses)
    reader.clauses.append(RawClause(id, kind, level, parent, text, {**defaults, **own}, span))
    reader.above.append((rank, reader.here, own))
    return id


def _own_defaults(reader: _Reader, match: re.Match[str], span: Span) -> dict[str, yamltext.Scalar]:
    """Return the `name=value` pairs of a clause, each with the place of its value."""
    own: dict[str, yamltext.Scalar] = {}
    shift = span.start - match.start()
    for pair in PAIR.finditer(match["rest"]):
        at = shift + match.start("rest") + pair.start(2)
        own[pair[1]] = yamltext.Scalar(pair[2].strip('"'), reader.source.span(at, at + len(pair[2])))
    if PAIR.sub("", match["rest"]).strip():
        reader.say("clause-default", "this is not `name=value`", span, "write it like `{#customers of=customer}`")
    return own


def _find(reader: _Reader, token: Token, written: str) -> Span:
    """Return where something written stands in the lines of a token."""
    lines = reader.lines(token)
    at = reader.source.text.rfind(written, lines.start, lines.end)
    return reader.source.span(at, at + len(written)) if at >= 0 else lines


def _fence(reader: _Reader, token: Token) -> None:
    kind = token.info.split()[0] if token.info.split() else ""
    if kind == "promise":
        _promise_block(reader, token)
        return
    if difflib.SequenceMatcher(None, kind.lower(), "promise").ratio() > 0.8:
        first = (token.map or [0, 1])[0]
        span = _find_in_line(reader.source, first, kind)
        message = f"{quoted(kind)} blocks are not read, so this promise is not kept"
        reader.say("promise-fence", message, span, "write ```promise")
    reader.blocks.append(Block("code", 0, token.content))


def _find_in_line(source: Source, row: int, written: str) -> Span:
    start = source.offset(row)
    at = source.text.find(written, start)
    return source.span(at, at + len(written)) if at >= 0 else source.span(start, start + 1)


def _promise_block(reader: _Reader, token: Token) -> None:
    locate = _locator(reader.source, token)
    first, last = token.map or [0, 1]
    opening = _find_in_line(reader.source, first, token.markup)
    closing = reader.source.line(min(last, len(reader.source.starts))).lstrip("> \t")
    if last - first < 2 or not closing.startswith(token.markup):
        reader.say("promise-open", "this promise block is not closed", opening, f"end it with {token.markup} on a line")
        return
    node, wrong = yamltext.parse(token.content, locate)
    reader.found.extend(wrong)
    if reader.here is None:
        help = (
            f"put `{{#id}}` at the end of {quoted(reader.unnamed)}"
            if reader.unnamed
            else "put `{#id}` on the text it keeps"
        )
        reader.say("promise-homeless", "this promise stands under no clause", opening, help)
        return
    clause = reader.clauses[reader.here]
    for item in node.items if isinstance(node, yamltext.Items) else (node,):
        if isinstance(item, yamltext.Fields):
            reader.promises.append(RawPromise(item, clause.id, clause.defaults))
        elif not wrong:
            span = item.span if item is not None else opening
            reader.say(
                "promise-shape",
                "a promise is `key: value` lines",
                span,
                "begin with its kind, like `purpose: shipping`",
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

    begins = [begin for begin, _ in starts]

    def place(offset: int) -> int:
        row = max(bisect_right(begins, offset) - 1, 0)
        return starts[row][1] + offset - begins[row]

    return lambda a, b: source.span(place(a), max(place(max(b - 1, a)) + 1, place(a) + 1))
