"""Small policies as text, and how to compile them; for tests of the policy language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from sekisho.ground import law
from sekisho.policy.compile import Compiled, parse
from sekisho.policy.model import Policy
from sekisho.policy.read import Tree, read
from sekisho.policy.source import Diagnostic, Source

TODAY = date(2026, 12, 1)
STUDIO = Path(__file__).resolve().parents[1] / "examples" / "studio"
FACTS = {
    "policy": "Kite shop",
    "version": "2026-11-01",
    "effective": "2026-11-01",
    "signed-by": "{name: A. Kite, title: Owner}",
    "controller": "{name: Kite shop}",
    "law": "eu-gdpr",
    "timezone": "Asia/Tokyo",
}
CUSTOMERS = """## Customers {#customers of=customer}

```promise
subject: customer
means: people who bought a kite
```
"""
SHIPPING = {
    "purpose": "shipping",
    "uses": "[name, contact.postal]",
    "because": "contract",
    "keep": "1 year after last order",
}

FULL: dict[str, dict[str, str]] = {
    "subject": {"subject": "visitor", "means": "people who look around"},
    "data": {"data": "kite.size", "means": "how large", "special": "yes", "dpv": "pd:Size", "fides": "user.size"},
    "purpose": {
        "purpose": "support",
        "of": "customer",
        "uses": "[name, contact]",
        "because": "contract",
        "keep": "2 weeks after last order",
        "witness": "named",
        "may": "[read, update]",
        "dpv": "dpv:CustomerCare",
    },
    "collect": {"collect": "order", "from": "customer", "asks": "[name]", "for": "[shipping]", "via": "form"},
    "disclose": {
        "disclose": "order-of-a-court",
        "to": "courts",
        "of": "customer",
        "uses": "name",
        "because": "A6-1-c",
        "approvals": "two",
    },
    "entrust": {
        "entrust": "carrier",
        "does": "carrying parcels",
        "for": "shipping",
        "uses": "[name, contact.postal]",
        "country": "DE",
        "review": "2027-04-01",
    },
    "transfer": {"transfer": "cloud", "country": "US", "basis": "A46", "to": "a cloud"},
    "right": {"right": "access", "of": "customer", "within": "14 days", "fee": "none", "proof": "[a code by mail]"},
    "cookies": {
        "cookies": "session",
        "names": "[kite_session]",
        "for": "shipping",
        "optional": "no",
        "without": "you cannot sign in",
        "keep": "1 day after last order",
    },
    "log": {"log": "web", "holds": "[time, page]", "for": "shipping", "keep": "30 days after last order"},
    "stream": {"stream": "errors", "fields": "[version]", "for": "shipping", "keep": "30 days after last order"},
    "mail": {"mail": "offers", "for": "shipping", "stop": "one-click", "clear": "no"},
    "minors": {"minors": "young", "under": "16", "who": "guardian"},
    "safeguard": {"safeguard": "gate", "check": "gate"},
    "contact": {
        "contact": "desk",
        "team": "Desk",
        "email": "desk@kite.example",
        "phone": "050-0000-0000",
        "address": "1 Hill",
        "hours": "10 to 17",
        "closed": "[Sunday]",
    },
    "links": {"links": "others", "to": "[https://other.example]", "says": "you leave us"},
    "amend": {"amend": "revision", "notice": "14 days", "approval": "the owner"},
    "procedure": {"procedure": "training", "owner": "Desk", "review": "2027-04-01"},
}
"""A whole promise of each kind, with every field."""


def front(**facts: str) -> str:
    """Return front matter; `signed_by` stands for `signed-by`."""
    given = {**FACTS, **{k.replace("_", "-"): v for k, v in facts.items()}}
    return "---\n" + "".join(f"{k}: {v}\n" for k, v in given.items()) + "---\n\n# Kite shop\n\n"


def promise(fields: Mapping[str, str], clause: str = "", prose: str = "We do this.") -> str:
    """Return a clause with one promise; its id is the promise's name."""
    lines = "".join(f"{k}: {v}\n" for k, v in fields.items())
    id = clause or next(iter(fields.values()))
    return f"\n- {prose} {{#{id}}}\n\n```promise\n{lines}```\n"


def text(*clauses: str, **facts: str) -> str:
    """Return a policy of the kite shop with these clauses under its customers."""
    return front(**facts) + CUSTOMERS + "".join(clauses)


def shipping(**fields: str) -> str:
    """Return the shipping clause, with some fields changed."""
    return promise({**SHIPPING, **fields})


def compiled(original: str, lock: str | None = None, **translations: str) -> Compiled:
    """Compile a text without checks against the law."""
    texts = {"": Source.of("policy.md", original)}
    texts |= {n: Source.of(f"policy.{n}.md", t) for n, t in translations.items()}
    return parse(texts, Source.of("policy.lock", lock) if lock is not None else None, law.load, TODAY)


def policy(*clauses: str, **facts: str) -> Policy:
    """Return the compiled policy of these clauses."""
    return of(compiled(text(*clauses, **facts)))


def of(result: Compiled) -> Policy:
    """Return the policy that was compiled; fails where it was not."""
    assert result.policy is not None, [d.message for d in result.diagnostics]
    return result.policy


def codes(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [d.code for d in diagnostics]


def tree(body: str, with_front: bool = True) -> tuple[Tree, tuple[Diagnostic, ...], Source]:
    """Read a text below plain front matter."""
    source = Source.of("policy.md", (front() if with_front else "") + body)
    read_tree, found = read(source)
    return read_tree, found, source
