"""Resolving: typed promises become the values of `model`: names first, then what refers to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from sekisho.ground.law import Profile
from sekisho.policy.categories import BUILT_IN
from sekisho.policy.keep import WITHDRAWN
from sekisho.policy.kinds import KINDS
from sekisho.policy.model import (
    RESERVED_PURPOSES,
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
from sekisho.policy.read import Tree
from sekisho.policy.source import Diagnostic, Span, quoted
from sekisho.policy.typed import Resolver, Typed, nearest
from sekisho.policy.yamltext import Scalar

TAKEN = re.compile(r"(public|information-schema|pg-.*|pg|sekisho)\Z")
OLDEST_MINOR = 25


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
        "purposes": _names(tree, "purpose") | set(RESERVED_PURPOSES),
    }
    parts = Parts()
    _check_defaults(tree, resolver)
    seen: set[tuple[str, str]] = set()
    for raw in tree.promises:
        typed = resolver.typed(raw)
        if typed is None or not typed.name:
            continue
        if (typed.kind, typed.name) in seen:
            resolver.say(
                "promise-twice",
                f"{typed.kind} `{typed.name}` is promised twice",
                typed.spans[typed.kind],
                "keep one of them, or give this one a name of its own",
            )
            continue
        seen.add((typed.kind, typed.name))
        _place(parts, typed, resolver)
    return parts, tuple(resolver.found)


def _check_defaults(tree: Tree, resolver: Resolver) -> None:
    """Say so where a clause sets a default that no promise has."""
    fields = {name for table in KINDS.values() for name in list(table)[1:]}
    for clause in tree.clauses:
        for name, value in clause.defaults.items():
            if name not in fields:
                span = Span(value.span.file, value.span.start - len(name) - 1, value.span.end)
                message = f"{quoted(name)} is not a field that promises have"
                resolver.say("clause-field", message, span, nearest(name, fields))


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
    elif typed.kind == "minors":
        _place_minors(parts, typed, resolver)
    elif typed.kind == "procedure" and isinstance(review := v.get("review"), date):
        parts.procedures.append(Procedure(typed.name, typed.clause, str(v.get("owner", "")), review, typed.span))
    if typed.kind not in ("subject", "data", "purpose"):
        kept = typed.spans.get("keep")
        parts.promises.append(Promise(typed.kind, typed.name, typed.clause, dict(v), typed.span, kept))


def _place_minors(parts: Parts, typed: Typed, resolver: Resolver) -> None:
    under = typed.values.get("under")
    if not isinstance(under, int):
        return
    if not 1 <= under <= OLDEST_MINOR:
        resolver.say(
            "minors-age", f"`{under}` is not an age at which people grow up", typed.spans["under"], "write it like `16`"
        )
    elif parts.minors:
        resolver.say(
            "minors-twice",
            "a second age below which somebody else decides",
            typed.spans["under"],
            "keep one: people must know which holds",
        )
    else:
        parts.minors.append(Minors(typed.clause, under, str(typed.values.get("who", "guardian")), typed.span))


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
    taken = "databases keep for themselves" if TAKEN.match(typed.name) else ""
    if typed.name in RESERVED_PURPOSES:
        taken = "every policy has already"
    if taken:
        message = f"`{typed.name}` is a name that {taken}"
        resolver.say("purpose-name", message, typed.spans["purpose"], "choose another name")
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
    if isinstance(keep, Keep) and keep.until == WITHDRAWN and not because.opt_in:
        message = "nobody can withdraw what nobody was asked for, so data would be kept for ever"
        resolver.say("keep-withdrawn", message, typed.spans["keep"], "write an end like `1 year after last order`")
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
            keep_span=typed.spans.get("keep"),
        )
    )
