"""The drill: what is here is backed up and restored beside itself, and what that took and would have lost is told."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sekisho.adapters.ledgers import copies
from sekisho.app import backup, bundle
from sekisho.app.restore import Restore
from sekisho.app.settings import KeySetting, Settings
from sekisho.app.wire import Workspace
from sekisho.evidence.kinds import Entry
from sekisho.ground import stamp
from sekisho.ground.errors import SekishoError


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill measured; `trouble` is empty where everything came back."""

    backup_seconds: float
    restore_seconds: float
    bytes: int
    entries: int
    decisions: int
    entries_since: int
    """Entries that were made while the drill ran: what a loss of the machine at its end would have cost."""
    decisions_since: int
    trouble: str

    @property
    def passed(self) -> bool:
        """Whether everything came back."""
        return not self.trouble


def drill_restore(workspace: Workspace) -> Drilled:
    """Run the drill in a folder of the books, which is gone afterwards, and record its outcome; no store is touched."""
    books = workspace.settings.books
    for left in books.glob(".drill-*"):
        # what a drill left that was killed holds what the books hold
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".drill-", dir=books) as name:
        found = _run(workspace.settings, Path(name))
    outcome = "passed" if found.passed else "failed"
    workspace.log.append([Entry("drill-run", workspace.clock(), {"drill": "restore", "outcome": outcome})])
    return found


def _run(settings: Settings, place: Path) -> Drilled:
    began = time.monotonic()
    passphrase, trouble = secrets.token_urlsafe(32), ""
    # keys of the drill lie under a passphrase that nobody keeps, in a folder that is gone at its end
    made = _back_up(settings, place, passphrase)
    copied = time.monotonic()
    size = sum(p.stat().st_size for m in made for p in m.path.rglob("*") if p.is_file())
    target = _elsewhere(settings, place / "restored")
    try:
        deed = Restore(target, passphrase=passphrase)
        deed.run(deed.verify([m.path for m in made]), register_lost=True)
        trouble = _compare(settings, target, made)
    except SekishoError as error:
        trouble = str(error)
    restored = time.monotonic()
    numbers = _numbers(made)
    now = _now(settings, place)
    return Drilled(
        round(copied - began, 3),
        round(restored - copied, 3),
        size,
        numbers["entries"],
        numbers["decisions"],
        now["entries"] - numbers["entries"],
        now["decisions"] - numbers["decisions"],
        trouble,
    )


def _back_up(settings: Settings, place: Path, passphrase: str) -> list[backup.Made]:
    # the drill's folder is inside the books, and so its keys are; only the drill may do that
    made = backup.back_up(settings, place / "copies")
    return [*made, backup.keys(settings, place / "keys", stamp.now(), passphrase)]


def _elsewhere(settings: Settings, root: Path) -> Settings:
    """Return settings of an empty place: the same company on another machine."""
    books = root / "books"
    said = settings.keys
    # the master key stays where it is: a drill makes no copy of it
    keys = KeySetting(books / "keys" / "store.db", books / "keys" / "erased.db", said.master, said.horizon)
    vault = f"sqlite:///{books / 'vault.db'}" if backup.vault_file(settings) is not None else settings.vault_url
    return replace(settings, root=root, books=books, keys=keys, vault_url=vault)


def _compare(settings: Settings, target: Settings, made: list[backup.Made]) -> str:
    """Say what did not come back as it was copied; empty where all did."""
    for thing in made:
        for name, digest in thing.manifest.files.items():
            there = target.books / name
            if name == backup.LEDGER:
                # opening it to verify it changed a byte of its header; that it is whole was verified entry by entry
                back = there.exists() and copies.read_ledger(there) == copies.read_ledger(thing.path / name)
            else:
                back = not name.endswith(".db") or (there.exists() and copies.digest(there) == digest)
            if not back:
                return f"`{name}` did not come back as it was"
    secret = {p.name: p.read_bytes() for p in bundle.secret_files(settings)}
    restored = {p.name: p.read_bytes() for p in bundle.secret_files(target)}
    return "" if secret.items() <= restored.items() else "keys did not come back as they were"


def _numbers(made: list[backup.Made]) -> Mapping[str, int]:
    by = {m.manifest.thing: m.manifest for m in made}
    return {"entries": by["evidence"].entries, "decisions": by["books"].decisions}


def _now(settings: Settings, place: Path) -> Mapping[str, int]:
    """Return how far log and books reach now, read from one more copy, as somebody from outside would."""
    again = place / "again"
    again.mkdir()
    copies.copy_database(settings.books / backup.LEDGER, again / backup.LEDGER)
    entries, _ = copies.read_ledger(again / backup.LEDGER)
    decisions = 0
    if (settings.books / "books.db").exists():
        copies.copy_database(settings.books / "books.db", again / "books.db")
        decisions = copies.read_books(again / "books.db")["decisions"]
    shutil.rmtree(again)
    return {"entries": entries, "decisions": decisions}
