"""Resolving: raw promises become typed ones; every word is checked against the table of kinds and the law's words.

`typed` reads the fields of one promise by the table in `kinds`; the rest turns them into the values of `model`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from sekisho.ground.law import Profile
from sekisho.policy.categories import BUILT_IN
from sekisho.policy.kinds import KINDS, Field
from sekisho.policy.model import (
    Action,
    Category,
    Ground,
    Keep,
    Minors,
    Procedure,
    Promise,
    Purpose,
    Subject,
    Witness,
)
from sekisho.policy.read import IDENTIFIER, RawPromise, Tree
from sekisho.policy.source import Diagnostic, Span
from sekisho.policy.yamltext import Fields, Items, Node, Scalar

LONGEST_NAME = 40
CATEGORY = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*\Z")
KEEP = re.compile(r"(\d{1,3}) (day|week|month|year)s? after ([a-z][a-z -]{1,38}[a-z])\Z")
TAKEN = re.compile(r"(public|information-schema|pg-.*|pg|sekisho)\Z")
YES = {"yes": True, "true": True, "no": False, "false": False}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a remedy that names the nearest known word, or lists them."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, 1)
    if close:
        return f"did you mean `{close[0]}`?"
    return "use one of: " + ", ".join(words[:12]) + (", …" if len(words) > 12 else "")


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
            self.say("promise-kind", f"`{first.text}` is not a kind of promise", first.span, nearest(first.text, KINDS))
            return None
        values: dict[str, object] = {}
        spans: dict[str, Span] = {}
        for key, node in raw.fields.pairs:
            if key.text not in table:
                self.say(
                    "promise-field",
                    f"`{key.text}` is not a field of `{first.text}`",
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
        for name, text in raw.defaults.items():
            if name in table and name not in spans:
                spans[name] = raw.fields.span
                parts = tuple(Scalar(p.strip(), raw.fields.span) for p in text.split(","))
                node: Node = Items(parts, raw.fields.span) if len(parts) > 1 else parts[0]
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
        if not isinstance(node, Scalar) or not node.text.strip():
            self.say("field-shape", "one value belongs here", node.span, "write a word or a sentence")
            return None
        return self._one(f, node)

    def _many(self, f: Field, node: Node) -> object | None:
        nodes = node.items if isinstance(node, Items) else (node,)
        texts = []
        for item in nodes:
            if not isinstance(item, Scalar) or not item.text.strip():
                self.say("field-shape", "a list of words belongs here", item.span, "write `[one, two]`")
                return None
            text = item.text.strip()
            known = set(f.words) if f.holds == "words" else self.known.get(f.holds)
            if known is not None and text not in known:
                what = {"classes": "class of people", "categories": "data category", "purposes": "purpose"}.get(
                    f.holds, "word for this"
                )
                self.say(f"unknown-{f.holds}", f"`{text}` is not a {what}", item.span, nearest(text, known))
                continue
            texts.append(text)
        return tuple(dict.fromkeys(texts))

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
        }.get(f.holds)
        if read is not None:
            return read(text, node.span)
        if f.holds == "word" and text not in f.words:
            self.say("unknown-word", f"`{text}` is not a word for this", node.span, nearest(text, f.words))
            return None
        return text

    def _name(self, text: str, span: Span) -> str | None:
        if IDENTIFIER.match(text) and len(text) <= LONGEST_NAME:
            return text
        self.say(
            "name",
            f"`{text}` cannot be a name",
            span,
            "use small letters, digits and single hyphens, up to 40 characters",
        )
        return None

    def _category(self, text: str, span: Span) -> str | None:
        if CATEGORY.match(text) and len(text) <= LONGEST_NAME:
            return text
        self.say(
            "category", f"`{text}` cannot be a data category", span, "use dotted small words such as `contact.email`"
        )
        return None

    def _date(self, text: str, span: Span) -> date | None:
        try:
            if len(text) == 10:
                return date.fromisoformat(text)
        except ValueError:
            pass
        self.say("date", f"`{text}` is not a date", span, "write it as YYYY-MM-DD")
        return None

    def _number(self, text: str, span: Span) -> int | None:
        if text.isascii() and text.isdigit() and len(text) <= 4:
            return int(text)
        self.say("number", f"`{text}` is not a whole number", span, "write digits")
        return None

    def _flag(self, text: str, span: Span) -> bool | None:
        if text in YES:
            return YES[text]
        self.say("flag", f"`{text}` is neither yes nor no", span, "write `yes` or `no`")
        return None

    def _keep(self, text: str, span: Span) -> Keep | None:
        if text.startswith("until ") and len(text) > 8:
            return Keep(0, 0, "", until=text[6:], text=text)
        match = KEEP.match(text)
        if match is None:
            self.say(
                "keep",
                f"`{text}` is not a time to keep data",
                span,
                "write it like `1 year after last order` or `until withdrawn`",
            )
            return None
        count, unit = int(match[1]), match[2]
        months = {"month": count, "year": 12 * count}.get(unit, 0)
        return Keep(months, {"day": count, "week": 7 * count}.get(unit, 0), match[3], text=text)

    def _ground(self, text: str, span: Span) -> Ground | None:
        word, _, detail = (p.strip() for p in text.partition(":"))
        known = {g.word: g for profile in self.law for g in profile.grounds}
        rule = known.get(word)
        if rule is None:
            self.say("ground", f"`{word}` is not a ground of the law profile", span, nearest(word, known))
            return None
        if rule.details and detail not in rule.details:
            self.say("ground-detail", f"`{word}` needs to say which", span, f"write `{word}: {rule.details[0]}`")
            return None
        return Ground(word, detail, rule.opt_in)


@dataclass
class Parts:
    """What a policy is made of, typed, in the order of the text."""

    subjects: list[Subject] = field(default_factory=list)
    categories: list[Category] = field(default_factory=lambda: list(BUILT_IN))
    purposes: list[Purpose] = field(default_factory=list)
    minors: list[Minors] = field(default_factory=list)
    procedures: list[Procedure] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)


def resolve(tree: Tree, law: tuple[Profile, ...]) -> tuple[Parts, tuple[Diagnostic, ...]]:
    """Return the typed promises of a tree and what is wrong with them; names first, then what refers to them."""
    resolver = Resolver(law)
    resolver.known = {
        "classes": _names(tree, "subject"),
        "categories": {c.name for c in BUILT_IN} | _names(tree, "data"),
        "purposes": _names(tree, "purpose"),
    }
    parts = Parts()
    seen: set[tuple[str, str]] = set()
    for raw in tree.promises:
        typed = resolver.typed(raw)
        if typed is None or not typed.name:
            continue
        if (typed.kind, typed.name) in seen:
            resolver.say(
                "promise-twice", f"{typed.kind} `{typed.name}` is promised twice", typed.span, "keep one of them"
            )
            continue
        seen.add((typed.kind, typed.name))
        _place(parts, typed, resolver)
    return parts, tuple(resolver.found)


def _names(tree: Tree, kind: str) -> set[str]:
    return {
        value.text.strip()
        for raw in tree.promises
        if raw.fields.pairs
        and raw.fields.pairs[0][0].text == kind
        and isinstance(value := raw.fields.pairs[0][1], Scalar)
    }


def _place(parts: Parts, typed: Typed, resolver: Resolver) -> None:
    v = typed.values
    if typed.kind == "subject":
        parts.subjects.append(Subject(typed.name, typed.clause, str(v.get("means", "")), typed.span))
    elif typed.kind == "data":
        _place_category(parts, typed)
    elif typed.kind == "purpose":
        _place_purpose(parts, typed, resolver)
    elif typed.kind == "minors" and isinstance(v.get("under"), int):
        parts.minors.append(Minors(typed.clause, int(str(v["under"])), str(v.get("who", "guardian")), typed.span))
    elif typed.kind == "procedure" and isinstance(review := v.get("review"), date):
        parts.procedures.append(Procedure(typed.name, typed.clause, str(v.get("owner", "")), review, typed.span))
    if typed.kind not in ("subject", "data", "purpose"):
        parts.promises.append(Promise(typed.kind, typed.name, typed.clause, dict(v), typed.span))


def _place_category(parts: Parts, typed: Typed) -> None:
    v = typed.values
    given = Category(
        typed.name,
        typed.clause,
        str(v.get("means", "")),
        str(v.get("dpv", "")),
        str(v.get("fides", "")),
        bool(v.get("special", False)),
        typed.span,
    )
    parts.categories = [c for c in parts.categories if c.name != typed.name] + [given]


def _place_purpose(parts: Parts, typed: Typed, resolver: Resolver) -> None:
    v = typed.values
    if TAKEN.match(typed.name):
        resolver.say(
            "purpose-name",
            f"`{typed.name}` is a name that databases keep for themselves",
            typed.spans["purpose"],
            "choose another name",
        )
        return
    because, of, uses = v.get("because"), v.get("of"), v.get("uses")
    if (
        not isinstance(because, Ground)
        or not isinstance(of, tuple)
        or not isinstance(uses, tuple)
        or not of
        or not uses
    ):
        return
    keep, may = v.get("keep"), v.get("may")
    parts.purposes.append(
        Purpose(
            name=typed.name,
            clause=typed.clause,
            of=tuple(sorted(of)),
            uses=tuple(sorted(uses)),
            because=because,
            number=-1,
            keep=keep if isinstance(keep, Keep) else None,
            witness=Witness(str(v.get("witness", "scope"))),
            may=tuple(Action(m) for m in may) if isinstance(may, tuple) and may else (Action.READ,),
            dpv=str(v.get("dpv", "")),
            span=typed.span,
        )
    )
