"""YAML with positions: a text becomes a small frozen tree whose every node knows its span.

Only what a policy or a map needs: mappings with text keys, lists, scalars. Anchors, tags, duplicate keys and several
documents are diagnostics; nothing raises. Scalars stay text: what they mean is the field's business, so `no` and
`2026-12-01` are what they look like (YAML 1.2 without its schema).

Most promises are plain `key: value` lines; `_plain` reads just those, forty times as fast as the full reader, and
leaves everything else to it. A test holds that both give the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from sekisho.policy.source import Diagnostic, Span, quoted

DEEPEST = 24
"""Levels of nesting that a promise or a map can need, with room."""

_LETTER = r"[^\W_]"
_WORD = rf"{_LETTER}(?:[\w.()/+=<>~、。・「」（）〜ー！？-]| (?=[\w.()/+=<>~、。・「」（）〜ー！？-]))*"
_TEXT = rf"{_LETTER}(?:[\w.,()/+=<>~、。・「」（）〜ー！？-]| (?=[\w.,()/+=<>~、。・「」（）〜ー！？-]))*"
PLAIN_LINE = re.compile(
    rf"(?P<dash>- |  )?(?P<key>[a-z][a-z0-9-]*): "
    rf"(?:(?P<text>(?:[a-z][a-z-]*: )?{_TEXT})|\[(?P<list>{_WORD}(?:, ?{_WORD})*)\])\Z"
)
SECOND = re.compile(r"^( *(?:- )?[a-z][a-z0-9-]*: [a-z][a-z-]*):(?= \S)", re.MULTILINE)
STAND_IN = "\U0010fffd"
"""Stands for the second colon of `because: exception: JP18-3-1`, which is one text to people and none to YAML.

No text may hold this character itself."""
FORBIDDEN = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010fffc]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A plain or quoted value as text; `refused` where something stood there that was not read."""

    text: str
    span: Span
    quoted: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping in the order it was written; keys are unique."""

    pairs: tuple[tuple[Scalar, Node], ...]
    span: Span

    def get(self, name: str) -> Node | None:
        """Return the value of a key or None."""
        return next((v for k, v in self.pairs if k.text == name), None)

    def key(self, name: str) -> Scalar | None:
        """Return the key itself, for its span."""
        return next((k for k, _ in self.pairs if k.text == name), None)


Node = Scalar | Items | Fields
Locate = Callable[[int, int], Span]
"""From character offsets of the YAML text to a span of the file it stands in."""


def parse(text: str, locate: Locate) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Return the tree of a YAML text, or None with diagnostics; an empty text is None without any."""
    found: list[Diagnostic] = []
    node = _plain(text, locate, found)
    if node is None:
        node = _full(text, locate, found)
    return node, tuple(found)


def _plain(text: str, locate: Locate, found: list[Diagnostic]) -> Node | None:
    """Return the tree of `key: value` lines, or of a list of such, or None where anything else stands there."""
    groups: list[list[tuple[Scalar, Node]]] = []
    listed, at = text.startswith("- "), 0
    for line in text.rstrip("\n").split("\n"):
        match = PLAIN_LINE.match(line)
        dash = match["dash"] if match is not None else None
        if match is None or (dash is not None) != listed or (not groups and listed and dash != "- "):
            return None
        if dash == "- " or not groups:
            groups.append([])
        groups[-1].append((_scalar(match, "key", at, locate), _value(match, at, locate)))
        at += len(line) + 1
    nodes = [_unique(pairs, found) for pairs in groups]
    return Items(tuple(nodes), _around(nodes)) if listed else nodes[0]


def _scalar(match: re.Match[str], name: str, at: int, locate: Locate) -> Scalar:
    return Scalar(match[name], locate(at + match.start(name), at + match.end(name)))


def _value(match: re.Match[str], at: int, locate: Locate) -> Node:
    if match["text"] is not None:
        return _scalar(match, "text", at, locate)
    items, begin = [], at + match.start("list")
    for word in match["list"].split(","):
        start = begin + len(word) - len(word.lstrip())
        items.append(Scalar(word.lstrip(), locate(start, begin + len(word))))
        begin += len(word) + 1
    return Items(tuple(items), locate(at + match.start("list") - 1, at + match.end("list") + 1))


def _unique(pairs: list[tuple[Scalar, Node]], found: list[Diagnostic]) -> Fields:
    """Return a mapping of the first of each key; a second one is a diagnostic."""
    kept: dict[str, tuple[Scalar, Node]] = {}
    for key, value in pairs:
        if key.text in kept:
            found.append(Diagnostic("yaml-twice", f"{quoted(key.text)} is said twice", key.span, "keep one of them"))
        else:
            kept[key.text] = (key, value)
    first, last = pairs[0][0].span, pairs[-1][1].span
    return Fields(tuple(kept.values()), Span(first.file, first.start, last.end))


def _around(nodes: list[Fields]) -> Span:
    # the dash of a list stands two characters before its first key
    return Span(nodes[0].span.file, nodes[0].span.start - 2, nodes[-1].span.end)


REMEDIES = (
    ("mapping values are not allowed", "a second `:` cannot stand here", "put the value in quotes"),
    ("could not find expected ':'", "a `:` is missing here", "write `key: value`"),
    ("character '\\t' that cannot start any token", "a tab cannot stand here", "indent with spaces"),
    ("that cannot start any token", "this character cannot begin a value", "put the value in quotes"),
    ("expected <block end>", "this line does not fit the lines above it", "indent it as they are, with spaces"),
    ("expected ',' or ']'", "this list is not closed", "end it with `]`"),
    ("expected ',' or '}'", "this mapping is not closed", "end it with `}`"),
    ("unexpected end of stream", "this quote is not closed", "end it with the same quote"),
    ("undefined alias", "aliases are not used here", "put the value in quotes, or write it again"),
    ("expected a single document", "a second document begins here", "keep one; take the `---` out"),
)


DEEPER = re.compile(r"[^:\n]\n +(?P<key>[\w-]+)\Z")
DEEP = ("this line is indented deeper than the line above it", "indent it as that one")


def _full(text: str, locate: Locate, found: list[Diagnostic]) -> Node | None:
    bad = FORBIDDEN.search(text)
    if bad is not None:
        found.append(_forbidden(bad, locate(bad.start(), bad.end())))
        return None
    text = SECOND.sub(rf"\1{STAND_IN}", text)
    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        found.append(_trouble(error, text, locate))
        return None
    except (YAMLError, ValueError, RecursionError):
        found.append(Diagnostic("yaml", "this is not YAML", locate(0, 1), "check indentation, colons and quotes"))
        return None
    return None if node is None else _convert(node, _Place(text, locate), found, 0)


def _forbidden(bad: re.Match[str], span: Span) -> Diagnostic:
    return Diagnostic("yaml", f"the character U+{ord(bad[0]):04X} cannot stand here", span, "remove it")


def _trouble(error: MarkedYAMLError, text: str, locate: Locate) -> Diagnostic:
    said = f"{error.context or ''} {error.problem or ''}".lower()
    known = next(((m, h) for sign, m, h in REMEDIES if sign in said), None)
    message, help = known or ("this is not YAML", "check indentation, colons and quotes")
    mark = error.problem_mark or error.context_mark
    if error.context_mark is not None and ("not closed" in message or "missing" in message):
        mark = error.context_mark
    at = min(mark.index, max(len(text) - 1, 0)) if mark is not None else 0
    deeper = DEEPER.search(text[:at]) if text[at : at + 1] == ":" else None
    if deeper is not None:
        return Diagnostic("yaml", DEEP[0], locate(deeper.start("key"), at), DEEP[1])
    return Diagnostic("yaml", message, locate(at, at + 1), help)


@dataclass(frozen=True, slots=True)
class _Place:
    """The text that is read and where it stands."""

    text: str
    locate: Locate


def _convert(node: object, place: _Place, found: list[Diagnostic], depth: int) -> Node:
    start, end = node.start_mark.index, node.end_mark.index  # type: ignore[attr-defined]  # every node has its marks
    span = place.locate(start, max(end, start + 1))
    wrong = _refused(node, place.text[start : start + 1], depth, place.locate(start, start + 1))
    if wrong is not None:
        # nothing under it is read: nested aliases would multiply, and what a tag means is not ours to run
        found.append(wrong)
        return Scalar("", span, refused=True)
    if isinstance(node, SequenceNode):
        items = tuple(_convert(n, place, found, depth + 1) for n in node.value)
        return Items(items, span if node.flow_style or not items else _until(span, items[-1]))
    if isinstance(node, MappingNode):
        return _fields(node, span, place, found, depth)
    if isinstance(node, ScalarNode):
        value = node.value.replace(STAND_IN, ":")
        hidden = FORBIDDEN.search(value)  # a double-quoted text can write what cannot stand there: "\\0"
        if hidden is not None:
            found.append(_forbidden(hidden, span))
            return Scalar("", span, refused=True)
        return Scalar(value, span, bool(node.style))
    raise TypeError(f"{type(node).__name__} is no kind of node")


def _refused(node: object, first: str, depth: int, at: Span) -> Diagnostic | None:
    """Return what is wrong with a node that cannot be used, or None."""
    if depth > DEEPEST:
        return Diagnostic("yaml-deep", "this is nested too deeply", at, "write it flat")
    if getattr(node, "anchor", None):
        return Diagnostic("yaml-anchor", "anchors are not used here", at, "put the value in quotes, or write it again")
    if first == "!":
        return Diagnostic("yaml-tag", "tags are not used here", at, "put the value in quotes, or take the `!` away")
    return None


def _until(span: Span, last: Node) -> Span:
    # a block ends where its last value ends, not where the next token begins
    return Span(span.file, span.start, max(last.span.end, span.start))


def _fields(node: MappingNode, span: Span, place: _Place, found: list[Diagnostic], depth: int) -> Fields:
    pairs: list[tuple[Scalar, Node]] = []
    for key_node, value_node in node.value:
        key = _convert(key_node, place, found, depth + 1)
        value = _convert(value_node, place, found, depth + 1)
        if isinstance(key, Scalar):
            # what is not there has no place of its own; it is missing at its key
            missing = isinstance(value, Scalar) and not (value.text or value.quoted or value.refused)
            pairs.append((key, Scalar("", key.span) if missing else value))
        else:
            found.append(Diagnostic("yaml-key", "a key must be a word", key.span, "write `key: value`"))
    if not pairs:
        return Fields((), span)
    unique = _unique(pairs, found)
    return Fields(unique.pairs, span) if node.flow_style else unique
