"""What a message may hold: a closed set of fields, none of them about a person; and the texts that use them.

The engine is the standard library's `string.Template`: a name is replaced by its value and nothing else happens, so
that neither a text nor a value can compute, reach into objects or fill in twice. Messages are plain text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from string import Template

from sekisho.ground.errors import BadInput

LANGUAGES = ("ja", "en")
LONGEST = 200
"""Letters that a name or a purpose may take in a message."""
CODE = re.compile(r"[0-9]{4} [0-9]{4}\Z")
LINK = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+[A-Za-z0-9._~/-]*?/(go/[A-Za-z0-9_-]{43}|versions|promises)?\Z")
"""Where a link leads: below the place that the settings name, to a token or to a page that is everybody's."""


@dataclass(frozen=True, slots=True)
class Filling:
    """The values of a message. No field takes a name, an address or free text of anybody: there is no place for them.

    `controller`, `purpose` and `contact` are the policy's and the settings' words; `code`, `link` and `stop` are made
    here, and are refused where they are not of that shape.
    """

    controller: str
    purpose: str
    contact: str
    code: str = ""
    link: str = ""
    stop: str = ""
    life: str = ""


FIELDS = tuple(f.name for f in fields(Filling))

_EVERY = frozenset({"controller", "purpose", "contact"})
CONTRACTS: Mapping[str, frozenset[str]] = {
    "test": frozenset({"controller", "contact"}),
    "code": _EVERY | {"code", "life"},
    "link": _EVERY | {"link", "life"},
    "notice": _EVERY | {"link"},
    "notice-stop": _EVERY | {"link", "stop"},
}
"""Template → the fields it holds, each of them and no other. A text that is not here is never sent."""

RESERVED: Mapping[tuple[str, str], str] = {
    ("ask-consent", "ja"): "同意をいただけるか、おたずねするため",
    ("ask-consent", "en"): "to ask whether you agree to something",
    ("answer-requests", "ja"): "ご自分の情報についてのご請求にお答えするため",
    ("answer-requests", "en"): "to answer a request about your own data",
    ("comply-with-law", "ja"): "法律で定められた手続きのため",
    ("comply-with-law", "en"): "to do what a law asks of us",
    ("warn-people", "ja"): "あなたの情報にかかわる事故をお知らせするため",
    ("warn-people", "en"): "to warn you of something that happened to your data",
}
"""Purpose and language → what the purposes that every policy has are for; the others have their clause's words."""


@dataclass(frozen=True, slots=True)
class Words:
    """Subject and body of a message, filled in."""

    subject: str
    body: str


def fill(name: str, language: str, filling: Filling) -> Words:
    """Return a template's words in a language; raises BadInput for a value that is not what its field may hold."""
    _check(CONTRACTS[name], filling)
    subject, body = text_of(name, language)
    values = {f: getattr(filling, f) for f in CONTRACTS[name]}
    return Words(Template(subject).substitute(values), Template(body).substitute(values))


def _check(contract: frozenset[str], filling: Filling) -> None:
    shapes = {"code": CODE, "link": LINK, "stop": LINK}
    for name in contract:
        value = getattr(filling, name)
        shape = shapes.get(name)
        wrong = shape.match(value) is None if shape else not value or value != line(value)
        if wrong:
            raise BadInput(f"field `{name}` of a message does not hold this", help="see `sekisho.messages.templates`")


@cache
def text_of(name: str, language: str) -> tuple[str, str]:
    """Return subject and body of a template as written; raises BadInput unless it is within its contract."""
    if name not in CONTRACTS:
        raise BadInput(f"`{name[:40]}` is not a template", help=f"use one of: {', '.join(CONTRACTS)}")
    if language not in LANGUAGES:
        raise BadInput(f"there are no messages in `{language[:20]}`", help=f"use one of: {', '.join(LANGUAGES)}")
    path = resources.files("sekisho.messages") / "templates" / f"{name}.{language}.txt"
    return parse(name, path.read_text(encoding="utf-8"))


def parse(name: str, text: str) -> tuple[str, str]:
    """Return subject and body of a text; raises BadInput where it holds more or less than its contract says."""
    head, _, body = text.partition("\n\n")
    subject = head.removeprefix("Subject: ")
    if subject == head or "\n" in head or not body.strip():
        raise BadInput(f"template `{name}` has no subject and body", help="write `Subject: …`, an empty line, the text")
    whole = Template(f"{subject}\n{body}")
    if not whole.is_valid():
        raise BadInput(f"template `{name}` holds a `$` that names nothing", help="write `$$` for a dollar sign")
    found, contract = set(whole.get_identifiers()), CONTRACTS[name]
    if found != contract:
        odd = ", ".join(sorted(found ^ contract))
        raise BadInput(f"template `{name}` holds other fields than its contract: {odd}", help="see CONTRACTS")
    return subject, body


def line(text: str) -> str:
    """Return a text as one line without control characters or marks that turn writing round, not too long."""
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") else c for c in text)
    kept = " ".join(kept.split())
    return kept if len(kept) <= LONGEST else f"{kept[: LONGEST - 1]}…"
