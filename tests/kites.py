"""A small invented policy in two languages, compiled; for tests of receipts, books and rows."""

from __future__ import annotations

from datetime import date

from sekisho.ground import law
from sekisho.policy.compile import parse
from sekisho.policy.model import Policy
from sekisho.policy.source import Source

TEXT = """---
policy: 凧の店
version: 2026-11-01
effective: 2026-11-15
signed-by: {name: 凧野 一, title: 店主}
controller: {name: 凧の店, representative: 凧野 一, address: 架空市空町1-2-3, email: privacy@kites.example}
law: jp-appi
timezone: Asia/Tokyo
original: ja
languages: [ja]
---

# お客さま {#customers of=customer}

```promise
- subject: customer
- data: health.allergy
  special: yes
- entrust: mailing-house
  does: 手紙を送ります
  for: [news]
  uses: [name, contact.postal]
  country: JP
  review: 2027-05-31
```

- 「はい」と言った方に、新しい凧のお知らせを送ります。 {#news}

```promise
purpose: news
uses: [name, contact.email, health.allergy]
because: consent
keep: until withdrawn
```

- 買ったものを送ります。 {#shipping}

```promise
purpose: shipping
uses: [name, contact.postal]
because: notified
```
"""
NEWS = "「はい」と言った方に、新しい凧のお知らせを送ります。"


def policy() -> Policy:
    compiled = parse({"": Source.of("policy.md", TEXT)}, None, law.load, date(2026, 11, 25))
    assert compiled.policy is not None, compiled.diagnostics
    return compiled.policy
