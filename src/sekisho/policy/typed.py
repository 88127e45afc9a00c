"""Typing: the fields of one promise are read by the table in `kinds`; every word is checked, none is guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sekisho.ground.law import Profile
from sekisho.policy import keep
from sekisho.policy.kinds import KINDS, Field
from sekisho.policy.model import Ground, Keep
from sekisho.policy.read import IDENTIFIER, RawPromise
from sekisho.policy.source import Diagnostic, Span, quoted
from sekisho.policy.yamltext import Fields, Items, Node, Scalar

LONGEST_NAME = 40
CATEGORY = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*\Z")
OF_THE_MAP = ("key", "plain")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
COUNTRY = re.compile(r"[A-Z]{2}\Z")
YES = {"yes": True, "true": True, "no": False, "false": False}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a remedy that names the nearest known word, or lists them; empty where nothing is known."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, 1)
    if close:
        return f"did you mean `{close[0]}`?"
    listed = ", ".join(f"`{w}`" for w in words[:12]) + (", …" if len(words) > 12 else "")
    return f"use one of: {listed}" if words else ""


@dataclass
class Typed:
    """A promise whose fields were read: kind, name, values by field, and their spans."""

    kind: str
    name: str
    clause: str
    values: dict[str, object]
    spans: dict[str, Span]
    span: Span


@dataclass
class Resolver:
    """Collects what is wrong while promises are typed; knows the words that fields may refer to."""

    law: tuple[Profile, ...]
    found: list[Diagnostic] = field(default_factory=list)
    known: dict[str, set[str]] = field(default_factory=dict)

    def say(self, code: str, message: str, span: Span | None, help: str) -> None:
        """Remember a diagnostic."""
        self.found.append(Diagnostic(code, message, span, help))

    def typed(self, raw: RawPromise) -> Typed | None:
        """Read a promise by the table of its kind; None when even its kind is not known."""
        if not raw.fields.pairs:
            self.say(
                "promise-empty",
                "this promise is empty",
                raw.fields.span,
                "begin with its kind, like `purpose: shipping`",
            )
            return None
        first = raw.fields.pairs[0][0]
        table = KINDS.get(first.text)
        if table is None:
            later = next((k.text for k, _ in raw.fields.pairs if k.text in KINDS), "")
            help = f"put `{later}:` first" if later else nearest(first.text, KINDS)
            self.say("promise-kind", f"{quoted(first.text)} is not a kind of promise", first.span, help)
            return None
        values: dict[str, object] = {}
        spans: dict[str, Span] = {}
        for key, node in raw.fields.pairs:
            if key.text not in table:
                self.say(
                    "promise-field",
                    f"{quoted(key.text)} is not a field of `{first.text}`",
                    key.span,
                    nearest(key.text, table),
                )
                continue
            spans[key.text] = node.span
            value = self.value(table[key.text], node)
            if value is not None:
                values[key.text] = value
        self._defaults(raw, table, values, spans)
        for name, f in table.items():
            if f.required and name not in values and name not in spans:
                self.say("promise-missing", f"`{first.text}` needs `{name}`", first.span, f"add `{name}:` — {f.says}")
        return Typed(first.text, str(values.get(first.text, "")), raw.clause, values, spans, raw.fields.span)

    def _defaults(
        self, raw: RawPromise, table: Mapping[str, Field], values: dict[str, object], spans: dict[str, Span]
    ) -> None:
        for name, scalar in raw.defaults.items():
            if name in table and name not in spans and name != next(iter(table)):
                spans[name] = raw.fields.span
                parts = tuple(Scalar(p.strip(), scalar.span) for p in scalar.text.split(","))
                node: Node = Items(parts, scalar.span) if len(parts) > 1 else parts[0]
                value = self.value(table[name], node)
                if value is not None:
                    values[name] = value

    def value(self, f: Field, node: Node) -> object | None:
        """Return what a field holds, or None after saying what is wrong with it."""
        if f.holds in ("texts", "classes", "categories", "purposes", "words"):
            return self._many(f, node)
        if isinstance(node, Fields) and len(node.pairs) == 1 and isinstance(node.pairs[0][1], Scalar):
            # `because: exception: JP18-3-1` is one text to people, a mapping to YAML
            node = Scalar(f"{node.pairs[0][0].text}: {node.pairs[0][1].text}", node.span)
        if isinstance(node, Scalar) and node.refused:
            return None
        if not isinstance(node, Scalar) or not node.text.strip():
            self.say("field-shape", "one value belongs here", node.span, "write a word or a sentence")
            return None
        return self._one(f, node)

    def _many(self, f: Field, node: Node) -> object | None:
        nodes = node.items if isinstance(node, Items) else (node,)
        if not nodes:
            self.say("field-shape", "this list is empty", node.span, "name at least one")
        texts = []
        for item in nodes:
            if isinstance(item, Scalar) and item.refused:
                return None
            if not isinstance(item, Scalar) or not item.text.strip():
                self.say("field-shape", "a list of words belongs here", item.span, "write `[one, two]`")
                return None
            text = item.text.strip()
            known = set(f.words) if f.holds == "words" else self.known.get(f.holds)
            if known is not None and text not in known:
                self._unknown(f.holds, text, item.span, known)
                continue
            texts.append(text)
        return tuple(dict.fromkeys(texts)) or None

    def _unknown(self, holds: str, text: str, span: Span, known: Iterable[str]) -> None:
        word, close = quoted(text), nearest(text, known)
        if holds == "classes":
            self.say(
                "unknown-class", f"{word} is not a class of people", span, close or f"declare it: `subject: {text}`"
            )
        elif holds == "categories":
            self.say("unknown-category", f"{word} is not a data category", span, close)
        elif holds == "purposes":
            self.say("unknown-purpose", f"{word} is not a purpose", span, close or f"declare it: `purpose: {text}`")
        else:
            self.say("unknown-word", f"{word} is not a word for this", span, close)

    def _one(self, f: Field, node: Scalar) -> object | None:
        text = node.text.strip()
        read = {
            "name": self._name,
            "category": self._category,
            "date": self._date,
            "number": self._number,
            "flag": self._flag,
            "keep": self._keep,
            "ground": self._ground,
            "provision": self._provision,
            "transfer": self._transfer,
            "country": self._country,
        }.get(f.holds)
        if read is not None:
            return read(text, node.span)
        if f.holds == "word" and text not in f.words:
            self._unknown("word", text, node.span, f.words)
            return None
        return text

    def _name(self, text: str, span: Span) -> str | None:
        if IDENTIFIER.match(text) and len(text) <= LONGEST_NAME:
            return text
        self.say(
            "name",
            f"{quoted(text)} cannot be a name",
            span,
            "use small letters, digits and single hyphens, up to 40 characters",
        )
        return None

    def _category(self, text: str, span: Span) -> str | None:
        if text in OF_THE_MAP:
            message = f"`{text}` cannot be a data category: in a map it says that a column is no personal data"
            self.say("category", message, span, "choose another name")
            return None
        if CATEGORY.match(text) and len(text) <= LONGEST_NAME:
            return text
        message = f"{quoted(text)} cannot be a data category"
        self.say("category", message, span, "use dotted small words such as `contact.email`")
        return None

    def _date(self, text: str, span: Span) -> date | None:
        day = read_date(text)
        if day is not None:
            return day
        self.say("date", f"{quoted(text)} is not a date", span, "write it as YYYY-MM-DD")
        return None

    def _number(self, text: str, span: Span) -> int | None:
        if text.isascii() and text.isdigit() and len(text) <= 4:
            return int(text)
        self.say("number", f"{quoted(text)} is not a whole number", span, "write digits")
        return None

    def _flag(self, text: str, span: Span) -> bool | None:
        if text in YES:
            return YES[text]
        self.say("flag", f"{quoted(text)} is neither yes nor no", span, "write `yes` or `no`")
        return None

    def _keep(self, text: str, span: Span) -> Keep | None:
        found = keep.parse(text)
        if found is None:
            message = f"{quoted(text)} is not a time to keep data"
            self.say("keep", message, span, "write it like `1 year after last order` or `until withdrawn`")
        return found

    def _ground(self, text: str, span: Span) -> Ground | None:
        word, _, detail = (p.strip() for p in text.partition(":"))
        known = {g.word: g for profile in self.law for g in profile.grounds}
        if not known:
            return Ground(word, detail)  # that there is no law was said at `law:`
        rule = known.get(word)
        if rule is None:
            self.say("ground", f"{quoted(word)} is not a ground of the law profile", span, nearest(word, known))
            return None
        if rule.details and detail not in rule.details:
            message = (
                f"{quoted(detail)} is not one of the cases of `{word}`" if detail else f"`{word}` needs to say which"
            )
            help = nearest(detail, rule.details) if detail else f"write `{word}: {rule.details[0]}`"
            self.say("ground-detail", message, span, help)
            return None
        return Ground(word, detail, rule.opt_in)

    def _provision(self, text: str, span: Span) -> str | None:
        known = {b.code for profile in self.law for b in profile.bases if not b.abroad}
        if text in known or not self.law:
            return text
        self.say(
            "provision-basis", f"{quoted(text)} is not a basis for giving data to others", span, nearest(text, known)
        )
        return None

    def _transfer(self, text: str, span: Span) -> str | None:
        known = {b.code for profile in self.law for b in profile.bases if b.abroad}
        if text in known or not self.law:
            return text
        self.say("transfer-basis", f"{quoted(text)} is not a basis for giving data abroad", span, nearest(text, known))
        return None

    def _country(self, text: str, span: Span) -> str | None:
        if COUNTRY.match(text):
            return text
        self.say(
            "country", f"{quoted(text)} is not a country code", span, "write two capital letters, like `JP` or `DE`"
        )
        return None


def read_date(text: str) -> date | None:
    """Return the date written as YYYY-MM-DD, or None."""
    if DATE.match(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
