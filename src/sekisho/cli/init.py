"""Beginning: a folder with a policy, a map, settings, and what keeps keys out of version control."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.cli import show
from sekisho.cli.options import FOLDER
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput

POLICY = """---
policy: Privacy policy of Your Studio
version: {today}
effective: {today}
signed-by: {{name: Your Name, title: Representative}}
controller: {{name: Your Studio, representative: Your Name, address: Your address, email: privacy@example.com}}
law: eu-gdpr
timezone: Europe/Berlin
---

# Privacy policy

## Customers {{#customers of=customer}}

```promise
subject: customer
means: people who bought something
```

- We send you what you bought, using your name and address. {{#shipping}}

```promise
purpose: shipping
uses: [name, contact.postal]
because: contract
keep: 1 year after last order
```

- We write to you about new things when you said yes. {{#news}}

```promise
purpose: news
uses: [name, contact.email]
because: consent
keep: until withdrawn
```

## Your rights {{#rights}}

We show you what we hold about you, give it to you as a file, correct it, and delete it when nothing keeps it here.
You may object to a use, have it stopped while we look into it, and take back a yes at any time.

```promise
- right: access
  within: 1 month
- right: portability
  within: 1 month
- right: correction
  within: 1 month
- right: deletion
  within: 1 month
- right: restriction
  within: 1 month
- right: objection
  within: 1 month
```

## How your data is protected {{#safety}}

Whoever reads your data must say what for, and leaves a record that cannot be rewritten unnoticed.

```promise
- safeguard: stated-purpose
  check: gate
- safeguard: evidence-log
  check: evidence
```

When something goes wrong we tell you and the authority.

```promise
procedure: breach
owner: Your Name
review: {later}
```

## Contact {{#contact}}

Write to us about anything here.

```promise
contact: privacy-desk
team: Privacy desk
email: privacy@example.com
```
"""
MAP = """# Where the shop keeps personal data: each column is `key`, `plain`, or a category of the policy.
store: shop
engine: sqlite
withheld: absent
tables:
  customers:
    subject: customer
    key: id
    columns: {id: key, name: name, address: contact.postal, email: contact.email}
  orders:
    key: id
    owner: {customers: customer_id}
    columns: {id: key, customer_id: key, placed_at: commerce.order, ship_to: contact.postal}
  products: {personal: false}
logins:
  shop_desk: {purposes: [shipping, answer-requests]}
  shop_letters: {purposes: [news]}
anchors:
  last order: max(orders.placed_at)
"""
SETTINGS = """[stores.shop]
url = "sqlite:///shop.db"      # or postgresql://name@host:5432/database; ${NAME} is taken from the environment
map = "map/shop.yaml"

[books]
path = "books"                 # people, decisions, evidence and keys: back it up, and keep it from others
"""
IGNORE = "books/\n"


@click.command()
@FOLDER
def init(folder: Path) -> None:
    """Begin a policy, a map and settings in FOLDER; nothing that is there is overwritten."""
    today = stamp.now().date()
    files = {
        "policy.md": POLICY.format(
            today=today.isoformat(), later=today.replace(year=today.year + 1, day=1).isoformat()
        ),
        "map/shop.yaml": MAP,
        "sekisho.toml": SETTINGS,
    }
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise BadInput(f"`{there[0]}` is there already", help="name an empty folder", place=str(folder))
    if not (folder / ".gitignore").exists():
        files[".gitignore"] = IGNORE
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        show.done(name)
    here = "" if folder == Path() else f" {folder}"
    there_too = "" if folder == Path() else f" -C {folder}"
    show.say(f"next: edit policy.md and map/shop.yaml, and run `sekisho check{here}` until it is content;")
    show.say(f"then `sekisho gate plan shop{there_too}` shows what would be done to the database")
