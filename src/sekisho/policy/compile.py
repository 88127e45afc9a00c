"""Compiling: the texts of all languages, the lock and the law become one policy.

The pipeline is visible: read → front matter → resolve → number → translations → checks. A policy is returned only
when nothing is wrong; warnings and notes come along with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sekisho.ground import canon
from sekisho.ground.errors import BadInput
from sekisho.ground.law import NAMES, Profile
from sekisho.policy import lock as locks
from sekisho.policy import read as reading
from sekisho.policy.model import RESERVED_PURPOSES, Clause, Ground, Policy, Purpose, Witness
from sekisho.policy.resolve import Parts, nearest, resolve
from sekisho.policy.source import Diagnostic, Severity, Source, Span, failed
from sekisho.policy.yamltext import Fields, Items, Node, Scalar

FRONT = (
    "policy",
    "version",
    "effective",
    "signed-by",
    "controller",
    "law",
    "timezone",
    "languages",
    "original",
    "approvals",
    "of",
)
REQUIRED = ("policy", "version", "effective", "signed-by", "controller", "law", "timezone")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What compiling gave: the policy where nothing is wrong, the lock that then holds, and all diagnostics."""

    policy: Policy | None
    lock: locks.Lock
    diagnostics: tuple[Diagnostic, ...]


@dataclass
class _Front:
    """Reads front matter field by field and remembers what is wrong."""

    fields: Fields
    source: Source
    found: list[Diagnostic]

    def say(self, code: str, message: str, span: Span | None, help: str) -> None:
        self.found.append(Diagnostic(code, message, span, help))

    def text(self, name: str, default: str = "") -> str:
        node = self.fields.get(name)
        if node is None:
            if name in REQUIRED:
                self.say("front-missing", f"the front matter needs `{name}`", self.source.span(0, 3), f"add `{name}:`")
            return default
        if isinstance(node, Scalar):
            return node.text.strip()
        self.say("front-shape", f"`{name}` is one value", node.span, "write a word or a sentence")
        return default

    def day(self, name: str) -> date:
        text = self.text(name)
        try:
            if len(text) == 10:
                return date.fromisoformat(text)
        except ValueError:
            pass
        node = self.fields.get(name)
        if text:
            self.say("date", f"`{text}` is not a date", node.span if node else None, "write it as YYYY-MM-DD")
        return date.min

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        node = self.fields.get(name)
        if node is None:
            self.text(name)
            return default
        nodes: tuple[Node, ...] = node.items if isinstance(node, Items) else (node,)
        return tuple(n.text.strip() for n in nodes if isinstance(n, Scalar)) or default

    def facts(self, name: str) -> dict[str, str]:
        node = self.fields.get(name)
        if node is None:
            self.text(name)
            return {}
        if isinstance(node, Fields):
            return {k.text: v.text for k, v in node.pairs if isinstance(v, Scalar)}
        self.say("front-shape", f"`{name}` is a list of facts", node.span, "write `{name: …, address: …}`")
        return {}


def parse(
    texts: Mapping[str, Source],
    lock: Source | None,
    law: Callable[[str], Profile],
    today: date,
    checks: tuple[Callable[[Policy, tuple[Profile, ...], date], tuple[Diagnostic, ...]], ...] = (),
) -> Compiled:
    """Return the policy in the texts; `texts` maps a language to its text, the original under the empty name.

    Never raises on bad text. `law` loads a profile by name.
    """
    source = texts[""]
    tree, found = reading.read(source)
    known, lock_found = locks.read(lock) if lock is not None else (locks.Lock(), ())
    diagnostics = [*found, *lock_found]
    front = _Front(tree.front or Fields((), source.span(0, 3)), source, diagnostics)
    profiles = _profiles(front, law)
    parts, wrong = resolve(tree, profiles)
    diagnostics += wrong
    purposes, lock_now, numbering = locks.number(parts.purposes, known)
    diagnostics += numbering
    trees = {}
    for language, text in texts.items():
        if language:
            trees[language], found = reading.read(text)
            diagnostics += [d for d in found if d.code != "front-missing"]
    policy = _policy(front, tree, trees, parts, purposes, profiles)
    stale, said = _translations(policy, tree, trees, known)
    diagnostics += stale
    for check in checks:
        diagnostics += check(policy, profiles, today)
    lock_now = locks.Lock(lock_now.numbers, said)
    ordered = tuple(dict.fromkeys(diagnostics))
    return Compiled(None if failed(ordered) else policy, lock_now, ordered)


def _profiles(front: _Front, law: Callable[[str], Profile]) -> tuple[Profile, ...]:
    for key, _ in front.fields.pairs:
        if key.text not in FRONT:
            front.say(
                "front-field", f"`{key.text}` is not a fact of the front matter", key.span, nearest(key.text, FRONT)
            )
    found = []
    for name in front.texts("law", ()):
        try:
            found.append(law(name))
        except BadInput:
            node = front.fields.get("law")
            front.say("law", f"`{name}` is not a law profile", node.span if node else None, nearest(name, NAMES))
    return tuple(found)


def _policy(
    front: _Front,
    tree: reading.Tree,
    trees: Mapping[str, reading.Tree],
    parts: Parts,
    purposes: tuple[Purpose, ...],
    profiles: tuple[Profile, ...],
) -> Policy:
    original = front.text("original", "en")
    languages = front.texts("languages", (original,))
    zone = front.text("timezone")
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):
        node = front.fields.get("timezone")
        front.say("timezone", f"`{zone}` is not a time zone", node.span if node else None, "write it like `Asia/Tokyo`")
    everybody = tuple(s.name for s in parts.subjects)
    reserved = tuple(
        Purpose(n, "reserved", everybody, (), Ground("law"), i, witness=Witness.NAMED)
        for n, i in RESERVED_PURPOSES.items()
    )
    sources = [tree.source, *(trees[language].source for language in sorted(trees))]
    return Policy(
        name=front.text("policy"),
        version=front.day("version"),
        effective=front.day("effective"),
        signed_by=front.facts("signed-by"),
        controller=front.facts("controller"),
        law=tuple(p.name for p in profiles),
        timezone=zone,
        languages=languages,
        original=original,
        approvals=front.text("approvals", "two"),
        clauses=_clauses(tree, trees, original),
        subjects=tuple(parts.subjects),
        categories=tuple(sorted(parts.categories, key=lambda c: c.name)),
        purposes=(*reserved, *purposes),
        minors=tuple(parts.minors),
        procedures=tuple(parts.procedures),
        promises=tuple(parts.promises),
        digest=canon.digest([canon.text_digest(s.text) for s in sources]),
        texts={original: tree.blocks, **{language: t.blocks for language, t in trees.items()}},
    )


def _clauses(tree: reading.Tree, trees: Mapping[str, reading.Tree], original: str) -> tuple[Clause, ...]:
    others = {language: {c.id: c.prose for c in t.clauses} for language, t in trees.items()}
    return tuple(
        Clause(
            c.id,
            c.kind,
            c.level,
            c.parent,
            {original: c.prose, **{language: prose[c.id] for language, prose in others.items() if c.id in prose}},
            c.span,
        )
        for c in tree.clauses
    )


def _translations(
    policy: Policy, tree: reading.Tree, trees: Mapping[str, reading.Tree], known: locks.Lock
) -> tuple[list[Diagnostic], tuple[tuple[str, locks.Said], ...]]:
    """Say which clauses a translation lacks, adds, or says as they were before the original changed."""
    found: list[Diagnostic] = []
    before = dict(known.said)
    ids = {c.id: c for c in tree.clauses}
    for language in policy.languages:
        if language != policy.original and language not in trees:
            found.append(
                Diagnostic(
                    "translation-missing",
                    f"the text in `{language}` is missing",
                    tree.source.span(0, 3),
                    f"write `policy.{language}.md`, or take it out of `languages:`",
                )
            )
    for language, other in trees.items():
        theirs = {c.id: c for c in other.clauses}
        found += [_extra(c, language) for i, c in theirs.items() if i not in ids]
        found += [_lacking(c, language) for i, c in ids.items() if i not in theirs]
        found += [_promised(p) for p in other.promises]
        found += [
            _stale(theirs[i], language)
            for i, c in ids.items()
            if i in theirs and _is_stale(before.get(i), c.prose, theirs[i].prose, language)
        ]
    said = (
        tuple(
            (
                i,
                locks.Said(
                    _short(c.prose), {n: _short(o.prose) for n, t in trees.items() for o in t.clauses if o.id == i}
                ),
            )
            for i, c in ids.items()
        )
        if trees
        else ()
    )
    stale = {d.message for d in found if d.code == "translation-stale"}
    return found, tuple((i, before[i]) if stale and i in before else (i, s) for i, s in said)


def _short(prose: str) -> str:
    return canon.text_digest(prose)[:16]


def _is_stale(before: locks.Said | None, original: str, translated: str, language: str) -> bool:
    return (
        before is not None
        and before.original != _short(original)
        and before.translations.get(language) == _short(translated)
    )


def _extra(clause: reading.RawClause, language: str) -> Diagnostic:
    return Diagnostic(
        "translation-extra",
        f"clause `{clause.id}` is not in the original",
        clause.span,
        "add it there, or take it out here",
    )


def _lacking(clause: reading.RawClause, language: str) -> Diagnostic:
    return Diagnostic(
        "translation-lacks",
        f"clause `{clause.id}` is missing in `{language}`",
        clause.span,
        f"add `{{#{clause.id}}}` to `policy.{language}.md`",
    )


def _promised(promise: reading.RawPromise) -> Diagnostic:
    return Diagnostic(
        "translation-promise",
        "promises stand in the original only",
        promise.fields.span,
        "take this block out; prose is enough here",
    )


def _stale(clause: reading.RawClause, language: str) -> Diagnostic:
    return Diagnostic(
        "translation-stale",
        f"clause `{clause.id}` changed, its text in `{language}` did not",
        clause.span,
        "translate the change; then run `sekisho check` again",
        Severity.WARNING,
    )
