"""Translations: which clauses a text in another language lacks, adds, or says as they were before a change.

The lock remembers, clause by clause and language by language, the two texts that were last seen to agree. A clause
whose original changed while its translation did not is *stale*, and stays so until the translation changes too.
"""

from __future__ import annotations

from collections.abc import Mapping

from sekisho.ground import canon
from sekisho.policy.front import LANGUAGE, Front
from sekisho.policy.lock import Said
from sekisho.policy.read import RawClause, RawPromise, Tree
from sekisho.policy.source import Diagnostic, Severity, Span, quoted


def check(
    front: Front, tree: Tree, others: Mapping[str, Tree], known: tuple[Said, ...]
) -> tuple[tuple[Said, ...], tuple[Diagnostic, ...]]:
    """Return what the lock remembers from now on, and what is wrong with the translations."""
    wanted = [n for n in front.languages if LANGUAGE.match(n) and n != front.original]
    found = [_missing(n, front, tree) for n in wanted if n not in others]
    said: list[Said] = []
    before = {(s.clause, s.language): s for s in known}
    for language, other in others.items():
        theirs = {c.id: c for c in other.clauses}
        found += _listed(language, front, tree, other)
        found += [_promised(p) for p in other.promises]
        found += [_extra(c) for c in other.clauses if all(c.id != o.id for o in tree.clauses)]
        for clause in tree.clauses:
            if clause.id not in theirs:
                found.append(_lacking(clause, language))
                continue
            now = Said(clause.id, language, _short(clause), _short(theirs[clause.id]))
            agreed = before.get((clause.id, language))
            stale = agreed is not None and agreed.original != now.original and agreed.text == now.text
            found += [_stale(theirs[clause.id], language)] if stale else []
            said.append(agreed if stale and agreed is not None else now)
    return tuple(said), tuple(found)


def _short(clause: RawClause) -> str:
    return canon.text_digest(clause.prose)[:16]


def _missing(language: str, front: Front, tree: Tree) -> Diagnostic:
    at = front.spans.get("languages") or tree.source.span(0, 3)
    help = f"write `policy.{language}.md`, or take it out of `languages:`"
    return Diagnostic("translation-missing", f"the text in {quoted(language)} is missing", at, help)


def _listed(language: str, front: Front, tree: Tree, other: Tree) -> list[Diagnostic]:
    if language not in front.languages or language == front.original:
        original = language == front.original
        message = f"`{language}` is the original's language" if original else f"`{language}` is not among the languages"
        help = f"take `{other.source.name}` away" if original else f"add it to `languages:` in `{tree.source.name}`"
        return [Diagnostic("translation-language", message, _start(other), help)]
    return []


def _start(tree: Tree) -> Span:
    return tree.source.span(0, 3)


def _extra(clause: RawClause) -> Diagnostic:
    message = f"clause `{clause.id}` is not in the original"
    return Diagnostic("translation-extra", message, clause.span, "add it there, or take it out here")


def _lacking(clause: RawClause, language: str) -> Diagnostic:
    message = f"clause `{clause.id}` is missing in `{language}`"
    return Diagnostic("translation-lacks", message, clause.span, f"add it with its id to `policy.{language}.md`")


def _promised(promise: RawPromise) -> Diagnostic:
    message = "promises stand in the original only"
    help = "take this block out; prose is enough here"
    return Diagnostic("translation-promise", message, promise.fields.span, help)


def _stale(clause: RawClause, language: str) -> Diagnostic:
    message = f"clause `{clause.id}` changed, its text in `{language}` did not"
    help = f"translate the change; where the text still fits, take `said {clause.id} {language}` out of the lock"
    return Diagnostic("translation-stale", message, clause.span, help, Severity.WARNING)
