"""The book: what one person decided at once, checked before it becomes facts. Pure.

A yes is bound to words: it counts only for the text that a clause has, in the language in which it was shown. A no is
never refused for its text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sekisho.consent.facts import Decision, Fact
from sekisho.ground import canon
from sekisho.ground.errors import BadInput
from sekisho.policy.model import Policy

Who = tuple[str, str, str] | str
"""Whose decision it is: store, class and key of their row, or their random id."""

BY = ("self", "guardian")
MOST = 64
"""Purposes that one person decides about at once: more than a mask has bits."""
_CODE = re.compile(r"[A-Za-z0-9_.:+-]{1,128}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")
_ID = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision about one purpose, and the SHA-256 of the words that were shown."""

    purpose: str
    number: int
    decision: Decision
    text: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What one person decided at once; `key` makes the same request, sent again, count once."""

    who: Who
    choices: tuple[Choice, ...]
    version: str
    language: str
    method: str
    at: datetime
    by: str = "self"
    key: str = ""

    def digest(self, *, dated: bool = False) -> str:
        """Return the SHA-256 of what was said; its instant belongs to it where that was told and not taken here."""
        said = [
            self.who,
            [[c.purpose, c.decision.value, c.text] for c in self.choices],
            [self.version, self.language, self.method, self.by],
            self.at.isoformat() if dated else "",
        ]
        return hashlib.sha256(canon.encode_unchecked(said)).hexdigest()

    def facts(self, person: str) -> list[Fact]:
        """Return what was decided as facts about a person."""
        return [
            Fact(
                person,
                c.purpose,
                c.number,
                c.decision,
                c.text,
                self.version,
                self.language,
                self.method,
                self.at,
                self.by,
            )
            for c in self.choices
        ]


@dataclass(frozen=True, slots=True)
class Shown:
    """What people decide about in one version: purposes by number, and their words with their digests by language."""

    version: str
    original: str
    numbers: Mapping[str, int]
    texts: Mapping[tuple[str, str], str]
    words: Mapping[tuple[str, str], str]
    languages: tuple[str, ...] = field(default=())

    def choose(self, purpose: str, decision: Decision, language: str = "", text: str = "") -> Choice:
        """Return a choice bound to the words of its clause; raises BadInput where a yes was given to others."""
        if purpose not in self.numbers:
            known = ", ".join(self.numbers)
            raise BadInput(
                f"`{purpose[:60]}` is not a purpose that people decide about", help=f"use one of: {known or 'none'}"
            )
        own = self.texts.get((purpose, language or self.original))
        if own is None:
            raise BadInput(
                f"`{language[:60]}` is not a language of this policy", help=f"use one of: {', '.join(self.languages)}"
            )
        if text and not _DIGEST.match(text):
            raise BadInput("a text is named by its SHA-256", help="64 hexadecimal digits, small letters")
        if text and text != own and decision is Decision.GIVE:
            raise BadInput(
                f"the text that was shown for `{purpose}` is not what version {self.version} says",
                help="show the words of that version, and ask again",
            )
        return Choice(purpose, self.numbers[purpose], decision, text or own)


def shown(policy: Policy) -> Shown:
    """Return what people decide about in a policy."""
    numbers, words = {}, {}
    for purpose in policy.purposes:
        clause = policy.clause(purpose.clause)
        if purpose.reserved or clause is None:
            continue
        numbers[purpose.name] = purpose.number
        for language in policy.languages:
            words[purpose.name, language] = clause.prose.get(language, "")
    texts = {where: canon.text_digest(said) for where, said in words.items()}
    return Shown(policy.version.isoformat(), policy.original, numbers, texts, words, policy.languages)


def check(choices: Choices) -> None:
    """Raise BadInput where something could not be recorded; what a person is called is not repeated."""
    who = choices.who
    named = _ID.match(who) if isinstance(who, str) else all(0 < len(w) <= 500 and w.isprintable() for w in who)
    if not named:
        raise BadInput("this does not name a person", help="write store:class:key, for instance shop:customer:42")
    for name, value in (("method", choices.method), ("version", choices.version), ("language", choices.language)):
        if not _CODE.match(value):
            raise BadInput(f"`{name}` is a word of letters, digits and `_.:+-`", help="for instance `preferences`")
    if choices.by not in BY:
        raise BadInput("`by` says who decided", help=f"use one of: {', '.join(BY)}")
    if choices.key and not _KEY.match(choices.key):
        raise BadInput("this is not an idempotency key", help="1 to 200 visible characters of ASCII")
    names = [c.purpose for c in choices.choices]
    if not names or len(names) > MOST or len(set(names)) < len(names):
        raise BadInput("decide about each purpose once, and about one at least", help="see the list of purposes")
    if not all(_DIGEST.match(c.text) and _CODE.match(c.purpose) for c in choices.choices):
        raise BadInput("a text is named by its SHA-256", help="64 hexadecimal digits, small letters")
    if choices.at.tzinfo is None:
        raise BadInput("an instant has a time zone", help="write it like 2026-12-01T09:00:00+09:00")
