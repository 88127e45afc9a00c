"""Compiling: the texts of all languages, the lock and the law become one policy.

The pipeline is visible: read → front matter → resolve → number → translations → checks. A policy is returned only
when nothing is wrong; warnings and notes come along with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sekisho.ground import canon
from sekisho.ground.law import Profile
from sekisho.policy import front as fronts
from sekisho.policy import lock as locks
from sekisho.policy import read as reading
from sekisho.policy import translations
from sekisho.policy.model import RESERVED_PURPOSES, Clause, Ground, Policy, Purpose, Witness
from sekisho.policy.resolve import Parts, resolve
from sekisho.policy.source import Diagnostic, Source, failed

FRONT, REQUIRED = tuple(fronts.FIELDS), fronts.REQUIRED
"""The facts of the front matter, and those that must be there."""

OF_THE_ORIGINAL = ("front-none", "front-open")
"""What a translation need not have."""

Check = Callable[[Policy, tuple[Profile, ...], date], tuple[Diagnostic, ...]]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What compiling gave: the policy where nothing is wrong, the lock that then holds, and all diagnostics."""

    policy: Policy | None
    lock: locks.Lock
    diagnostics: tuple[Diagnostic, ...]


def parse(
    texts: Mapping[str, Source],
    lock: Source | None,
    law: Callable[[str], Profile],
    today: date,
    checks: tuple[Check, ...] = (),
) -> Compiled:
    """Return the policy in the texts; `texts` maps a language to its text, the original under the empty name.

    Never raises on bad text. `law` loads a profile by name.
    """
    source = texts[""]
    tree, found = reading.read(source)
    known, lock_found = locks.read(lock) if lock is not None else (locks.Lock(), ())
    front, front_found = fronts.read(tree.front, source, law)
    parts, wrong = resolve(tree, front.law)
    purposes, numbered, numbering = locks.number(parts.purposes, known)
    others, theirs = _others(texts)
    said, translating = translations.check(front, tree, others, known.said)
    policy = _policy(front, tree, others, parts, purposes)
    checking = tuple(d for check in checks for d in check(policy, front.law, today))
    every = (*found, *lock_found, *front_found, *wrong, *numbering, *theirs, *translating, *checking)
    ordered = tuple(dict.fromkeys(every))
    return Compiled(None if failed(ordered) else policy, replace(numbered, said=said), ordered)


def _others(texts: Mapping[str, Source]) -> tuple[dict[str, reading.Tree], tuple[Diagnostic, ...]]:
    trees: dict[str, reading.Tree] = {}
    found: list[Diagnostic] = []
    for language in sorted(filter(None, texts)):
        trees[language], wrong = reading.read(texts[language])
        found += [d for d in wrong if d.code not in OF_THE_ORIGINAL]
    return trees, tuple(found)


def _policy(
    front: fronts.Front,
    tree: reading.Tree,
    others: Mapping[str, reading.Tree],
    parts: Parts,
    purposes: tuple[Purpose, ...],
) -> Policy:
    everybody = tuple(s.name for s in parts.subjects)
    reserved = tuple(
        Purpose(n, "reserved", everybody, (), Ground("law"), i, witness=Witness.NAMED)
        for n, i in RESERVED_PURPOSES.items()
    )
    sources = [tree.source, *(others[language].source for language in sorted(others))]
    return Policy(
        name=front.name,
        version=front.version,
        effective=front.effective,
        signed_by=front.signed_by,
        controller=front.controller,
        law=tuple(p.name for p in front.law),
        timezone=front.timezone,
        languages=front.languages,
        original=front.original,
        approvals=front.approvals,
        clauses=_clauses(tree, others, front.original),
        subjects=tuple(parts.subjects),
        categories=tuple(sorted(parts.categories, key=lambda c: c.name)),
        purposes=(*reserved, *purposes),
        minors=tuple(parts.minors),
        procedures=tuple(parts.procedures),
        promises=tuple(parts.promises),
        digest=canon.digest([canon.text_digest(s.text) for s in sources]),
        texts={**{language: t.blocks for language, t in others.items()}, front.original: tree.blocks},
        front=front.spans,
    )


def _clauses(tree: reading.Tree, trees: Mapping[str, reading.Tree], original: str) -> tuple[Clause, ...]:
    others = {language: {c.id: c.prose for c in t.clauses} for language, t in trees.items()}
    return tuple(
        Clause(
            c.id,
            c.kind,
            c.level,
            c.parent,
            {**{language: prose[c.id] for language, prose in others.items() if c.id in prose}, original: c.prose},
            c.span,
        )
        for c in tree.clauses
    )
