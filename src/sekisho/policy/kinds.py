"""The closed list of promise kinds, the fields of each, and what a field holds.

The reader checks promises against this table and the reference page is made from it, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a promise: what it holds (see `HOLDS`), whether it must be there, and a sentence."""

    holds: str
    says: str
    required: bool = False
    words: tuple[str, ...] = ()


HOLDS: Mapping[str, str] = {
    "name": "a name: small letters, digits and single hyphens, up to 40 characters",
    "category": "a data category: dotted names such as `contact.email`",
    "text": "a sentence or a word",
    "texts": "a list of texts",
    "classes": "one or more classes of people",
    "categories": "one or more data categories",
    "purposes": "one or more purposes",
    "date": "a date as YYYY-MM-DD",
    "number": "a whole number",
    "flag": "`yes` or `no`",
    "keep": "a duration after an anchor (`1 year after last order`) or `until …`",
    "ground": "a word of the law profile, with its detail after a colon where it needs one",
    "provision": "a basis of the law profile for giving data to others, such as `JP27-1-CONSENT`",
    "transfer": "a basis of the law profile for giving data abroad, such as `JP28-EQUIV-COUNTRY`",
    "country": "a country by its two capital letters, such as `JP` (ISO 3166-1)",
    "word": "one of the listed words",
    "words": "one or more of the listed words",
}

_OF = Field("classes", "whose data", required=True)
_USES = Field("categories", "which data", required=True)
_KEEP = Field("keep", "how long it is kept")

KINDS: Mapping[str, Mapping[str, Field]] = {
    "subject": {
        "subject": Field("name", "a class of people", required=True),
        "means": Field("text", "who they are"),
    },
    "data": {
        "data": Field("category", "a category of personal data", required=True),
        "means": Field("text", "what it is"),
        "special": Field("flag", "whether it needs special care (APPI art. 2(3))"),
        "dpv": Field("text", "its name in the Data Privacy Vocabulary"),
        "fides": Field("text", "its fideslang key"),
    },
    "purpose": {
        "purpose": Field("name", "a purpose of use", required=True),
        "of": _OF,
        "uses": _USES,
        "because": Field("ground", "why the use is allowed", required=True),
        "keep": _KEEP,
        "witness": Field("word", "how finely readings are recorded", words=("named", "scope", "aggregate")),
        "may": Field("words", "what it may do to rows", words=("read", "create", "update", "delete")),
        "dpv": Field("text", "its name in the Data Privacy Vocabulary"),
    },
    "collect": {
        "collect": Field("name", "a channel by which data comes in", required=True),
        "from": Field("classes", "from whom", required=True),
        "asks": Field("categories", "what it asks", required=True),
        "for": Field("purposes", "for which purposes", required=True),
        "via": Field("word", "how", words=("form", "import", "staff", "software", "e-mail"), required=True),
    },
    "disclose": {
        "disclose": Field("name", "a provision to a third party", required=True),
        "to": Field("text", "to whom", required=True),
        "of": Field("classes", "whose data"),
        "uses": Field("categories", "which data"),
        "because": Field("provision", "the basis for it", required=True),
        "approvals": Field("word", "how many staff approve", words=("one", "two")),
    },
    "entrust": {
        "entrust": Field("name", "a processor", required=True),
        "does": Field("text", "what it does for us", required=True),
        "for": Field("purposes", "for which purposes", required=True),
        "uses": _USES,
        "country": Field("country", "where"),
        "review": Field("date", "when supervision is reviewed next", required=True),
    },
    "transfer": {
        "transfer": Field("name", "a provision abroad", required=True),
        "country": Field("country", "where", required=True),
        "basis": Field("transfer", "the basis for it", required=True),
        "to": Field("text", "to whom"),
    },
    "right": {
        "right": Field(
            "word",
            "a request that people can make",
            required=True,
            words=(
                "purpose-notice",
                "disclosure",
                "provision-records",
                "correction",
                "deletion",
                "stop-use",
                "stop-provision",
                "access",
                "portability",
                "restriction",
                "objection",
            ),
        ),
        "of": Field("classes", "who"),
        "within": Field("text", "how soon it is answered"),
        "fee": Field("text", "what it costs"),
        "proof": Field("texts", "how identity is confirmed"),
    },
    "cookies": {
        "cookies": Field("name", "a group of cookies or scripts", required=True),
        "names": Field("texts", "their names", required=True),
        "for": Field("purposes", "for which purposes", required=True),
        "optional": Field("flag", "whether they wait for consent", required=True),
        "without": Field("text", "what no longer works without them"),
        "keep": _KEEP,
    },
    "log": {
        "log": Field("name", "a log that systems write", required=True),
        "holds": Field("texts", "what it holds", required=True),
        "for": Field("purposes", "for which purposes", required=True),
        "keep": Field("keep", "how long it is kept", required=True),
    },
    "stream": {
        "stream": Field("name", "what shipped software sends", required=True),
        "fields": Field("texts", "its fields", required=True),
        "for": Field("purposes", "for which purposes", required=True),
        "keep": Field("keep", "how long it is kept", required=True),
    },
    "mail": {
        "mail": Field("name", "a kind of message", required=True),
        "for": Field("purposes", "for which purposes", required=True),
        "stop": Field("word", "how it is stopped", words=("one-click", "never")),
        "clear": Field("flag", "whether it holds personal data in clear", required=True),
    },
    "minors": {
        "minors": Field("name", "a rule for young people", required=True),
        "under": Field("number", "the age below which somebody else decides", required=True),
        "who": Field("word", "who decides", words=("guardian",), required=True),
    },
    "safeguard": {
        "safeguard": Field("name", "a security measure", required=True),
        "check": Field("word", "the live check behind it", words=("gate", "evidence", "none"), required=True),
    },
    "contact": {
        "contact": Field("name", "a way to reach us", required=True),
        "team": Field("text", "who answers", required=True),
        "email": Field("text", "e-mail"),
        "phone": Field("text", "telephone"),
        "address": Field("text", "postal address"),
        "hours": Field("text", "when"),
        "closed": Field("texts", "when not"),
    },
    "links": {
        "links": Field("name", "sites of others", required=True),
        "to": Field("texts", "where links lead", required=True),
        "says": Field("text", "what is said on leaving"),
    },
    "amend": {
        "amend": Field("name", "how this policy changes", required=True),
        "notice": Field("text", "how early it is told", required=True),
        "approval": Field("text", "whose approval is needed", required=True),
    },
    "procedure": {
        "procedure": Field("name", "what people do", required=True),
        "owner": Field("text", "who answers for it", required=True),
        "review": Field("date", "when it is reviewed next", required=True),
    },
}
"""Kind → field → what it holds. The first key of a promise names its kind."""

ENFORCED = ("purpose", "minors", "safeguard")
"""Kinds that this version can keep by itself."""

DEFINING = ("subject", "data", "contact")
"""Kinds that say what words mean or where to turn; there is nothing to keep in them."""


def reference() -> str:
    """Return the reference page of the language as Markdown."""
    lines = ["# Promise kinds", "", "Made from `sekisho.policy.kinds`; the first key of a promise names its kind.", ""]
    for kind, fields in KINDS.items():
        lines += [f"## `{kind}`", "", "| field | holds | | |", "|---|---|---|---|"]
        for name, f in fields.items():
            holds = HOLDS[f.holds] if not f.words else "one of " + ", ".join(f"`{w}`" for w in f.words)
            lines.append(f"| `{name}` | {holds} | {'required' if f.required else ''} | {f.says} |")
        lines.append("")
    return "\n".join(lines)
