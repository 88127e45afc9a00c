"""The front matter: the facts that a policy is signed with, read field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from sekisho.ground.errors import BadInput
from sekisho.ground.law import NAMES, Profile
from sekisho.policy.source import Diagnostic, Source, Span, quoted
from sekisho.policy.typed import nearest, read_date
from sekisho.policy.yamltext import Fields, Items, Node, Scalar

FIELDS: Mapping[str, str] = {
    "policy": "the policy's name",
    "version": "the version's date; it is the version's name",
    "effective": "the day it takes effect",
    "signed-by": "who signs it: `{name: …, title: …}`",
    "controller": "whose policy it is: `{name: …, address: …}`",
    "law": "law profiles, such as `jp-appi`",
    "timezone": "where its clocks run, such as `Asia/Tokyo`",
    "languages": "the languages it is published in",
    "original": "the language that counts",
    "approvals": "how many staff approve what is grave",
}
REQUIRED = ("policy", "version", "effective", "signed-by", "controller", "law", "timezone")
LANGUAGE = re.compile(r"[a-z]{2}\Z")
APPROVALS = re.compile(r"two|one, after [0-9]{1,3} h, reviewed by [^,]{1,60} within [0-9]{1,2} days")


@dataclass(frozen=True, slots=True)
class Front:
    """The facts of the front matter; what was wrong has its default. `spans` says where each stands."""

    name: str
    version: date
    effective: date
    signed_by: Mapping[str, str]
    controller: Mapping[str, str]
    law: tuple[Profile, ...]
    timezone: str
    languages: tuple[str, ...]
    original: str
    approvals: str
    spans: Mapping[str, Span]


@dataclass
class _Reader:
    fields: Fields
    source: Source
    found: list[Diagnostic] = field(default_factory=list)

    def say(self, code: str, message: str, span: Span | None, help: str) -> None:
        self.found.append(Diagnostic(code, message, span or self.source.span(0, 3), help))

    def node(self, name: str) -> Node | None:
        """Return what stands under a field, or None after saying that it must be there."""
        node = self.fields.get(name)
        empty = isinstance(node, Scalar) and not node.text.strip()
        if node is not None and not empty:
            return node
        if name in REQUIRED:
            key = self.fields.key(name)
            help = f"add `{name}:` — {FIELDS[name]}"
            self.say("front-missing", f"the front matter needs `{name}`", key.span if key else None, help)
        return None

    def text(self, name: str, default: str = "") -> str:
        node = self.node(name)
        if isinstance(node, Scalar):
            return node.text.strip()
        if node is not None:
            self.say("front-shape", f"`{name}` is one value", node.span, "write a word or a sentence")
        return default

    def day(self, name: str) -> date:
        text = self.text(name)
        found = read_date(text)
        if found is None and text:
            self.say("date", f"{quoted(text)} is not a date", self.span(name), "write it as YYYY-MM-DD")
        return found or date.min

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        node = self.node(name)
        if node is None:
            return default
        nodes: tuple[Node, ...] = node.items if isinstance(node, Items) else (node,)
        words = tuple(n.text.strip() for n in nodes if isinstance(n, Scalar) and n.text.strip())
        if not nodes:
            self.say("front-shape", f"`{name}` names nothing", node.span, f"write it like `{name}: [one, two]`")
        elif len(words) < len(nodes):
            self.say("front-shape", f"`{name}` is a list of words", node.span, "write `[one, two]`")
        return words or default

    def facts(self, name: str) -> dict[str, str]:
        node = self.node(name)
        if node is None:
            return {}
        pairs = node.pairs if isinstance(node, Fields) else ()
        facts = {k.text: v.text.strip() for k, v in pairs if isinstance(v, Scalar) and v.text.strip()}
        if len(facts) < len(pairs) or not pairs:
            self.say("front-shape", f"`{name}` is a list of facts", node.span, "write `{name: …, address: …}`")
        elif "name" not in facts:
            self.say("front-missing", f"`{name}` needs `name`", node.span, "write `{name: …, …}`")
        return facts

    def span(self, name: str) -> Span | None:
        node = self.fields.get(name)
        return node.span if node is not None else None


def read(fields: Fields | None, source: Source, law: Callable[[str], Profile]) -> tuple[Front, tuple[Diagnostic, ...]]:
    """Return the facts and what is wrong with them; a text without front matter has said so already."""
    reader = _Reader(fields or Fields((), source.span(0, 3)), source)
    for key, _ in reader.fields.pairs:
        if key.text not in FIELDS:
            message = f"{quoted(key.text)} is not a fact of the front matter"
            reader.say("front-field", message, key.span, nearest(key.text, FIELDS))
    original = reader.text("original", "en")
    front = Front(
        name=reader.text("policy"),
        version=reader.day("version"),
        effective=reader.day("effective"),
        signed_by=reader.facts("signed-by"),
        controller=reader.facts("controller"),
        law=_law(reader, law),
        timezone=reader.text("timezone"),
        languages=reader.texts("languages", (original,)),
        original=original,
        approvals=reader.text("approvals", "two"),
        spans={k.text: v.span for k, v in reader.fields.pairs},
    )
    _check(reader, front)
    return front, tuple(reader.found) if fields is not None else ()


def _law(reader: _Reader, law: Callable[[str], Profile]) -> tuple[Profile, ...]:
    found = []
    for name in dict.fromkeys(reader.texts("law")):
        try:
            found.append(law(name))
        except BadInput:
            reader.say("law", f"{quoted(name)} is not a law profile", reader.span("law"), nearest(name, NAMES))
    return tuple(found)


def _check(reader: _Reader, front: Front) -> None:
    if front.timezone and not _is_zone(front.timezone):
        message = f"{quoted(front.timezone)} is not a time zone"
        reader.say("timezone", message, reader.span("timezone"), "write it like `Asia/Tokyo`")
    for language in dict.fromkeys((*front.languages, front.original)):
        if not LANGUAGE.match(language):
            at = reader.span("languages") if language in front.languages else reader.span("original")
            reader.say("language", f"{quoted(language)} is not a language", at, "write two letters, like `ja` or `en`")
    if front.original not in front.languages:
        message = f"the original's language {quoted(front.original)} is not among the languages"
        help = "add it to `languages:`, or say which is the original: `original:`"
        reader.say("language-original", message, reader.span("languages"), help)
    if not APPROVALS.fullmatch(front.approvals):
        message = f"{quoted(front.approvals)} is not a rule for approvals"
        help = "write `two`, or `one, after 24 h, reviewed by NAME within 7 days`"
        reader.say("approvals", message, reader.span("approvals"), help)
    if date.min < front.effective < front.version:
        message = "the policy takes effect before its version"
        reader.say("effective", message, reader.span("effective"), "set `effective:` on or after `version:`")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
