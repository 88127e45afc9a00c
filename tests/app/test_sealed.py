"""The vault of a folder: what is done to it is in the log, by handle, and nothing of it in clear."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from sekisho.app import sealed
from sekisho.app.wire import Workspace
from sekisho.ground.personal import Personal
from sekisho.people.model import Place
from sekisho.vault.blind import Identifier
from sekisho.vault.record import New

pytestmark = pytest.mark.unit
POLICY = """---
policy: Kite shop
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: A. Kite, title: Owner}
controller: {name: Kite shop}
law: eu-gdpr
timezone: Asia/Tokyo
---

# Customers {#customers of=customer}

```promise
subject: customer
```

- We answer what you ask. {#support}

```promise
purpose: support
uses: [name, contact.email]
because: contract
```
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "policy.md").write_text(POLICY, encoding="utf-8")
    (tmp_path / "sekisho.toml").write_text('[vault]\nurl = "sqlite:///sealed.db"\n', encoding="utf-8")
    return Workspace(tmp_path)


def test_what_is_done_to_the_vault_is_in_the_log_by_handle(workspace: Workspace) -> None:
    who = Identifier("email", Personal("aoi@example.jp"))
    new = New("customer", {"name": Personal("Aoi"), "contact.email": Personal("aoi@example.jp")}, (who,))
    with closing(workspace.keystore):
        stored = workspace.vault.store(new)
        seen = workspace.vault.read(stored.person, "support", "ticket 4711")
        assert seen.records[0].values["name"].reveal("test") == "Aoi"
        workspace.vault.correct(stored.person, stored.record, {"name": Personal("Aoi T.")})
        workspace.vault.load([new, new])
        assert workspace.vault.erase([stored.person])
    person = workspace.people.person(Place("vault", "customer", stored.person))
    assert person is not None
    changed = [r.entry for r in workspace.log.entries(0, workspace.log.size) if r.kind == "vault-changed" and r.entry]
    assert [(e.fields["deed"], e.fields["people"], e.fields["records"]) for e in changed] == [
        ("store", [person.handle], 1),
        ("correct", [person.handle], 1),
        ("import", [], 2),
        ("erase", [person.handle], 1),
    ]
    assert workspace.log.verify(workspace.signer.key).sound
    assert (workspace.root / "sealed.db").exists()
    for file in workspace.root.rglob("*"):
        assert not file.is_file() or b"aoi@example" not in file.read_bytes()


def test_where_nothing_is_said_all_lies_among_the_books(workspace: Workspace) -> None:
    (workspace.root / "sekisho.toml").write_text("", encoding="utf-8")
    settings = Workspace(workspace.root).settings
    keys = workspace.root / "books" / "keys"
    where = sealed.where(settings)
    assert (where.store, where.register, where.master) == (keys / "store.db", keys / "erased.db", keys / "master")
    assert sealed.address(settings) == f"sqlite:///{workspace.root}/books/vault.db"
