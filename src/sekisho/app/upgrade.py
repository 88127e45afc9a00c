"""Bringing what lies here to the version of this program: our files one by one, each whole or as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sekisho.adapters.ledgers import versions
from sekisho.adapters.ledgers.versions import Ledger, Standing
from sekisho.app import heartbeat, unfinished
from sekisho.app.backup import LEDGER, vault_file
from sekisho.app.settings import Settings
from sekisho.ground import stamp
from sekisho.ground.errors import StoreTrouble


@dataclass(frozen=True, slots=True)
class File:
    """A file of ours: its version, the one that this program writes, how it stands, and the copy of an upgrade."""

    path: Path
    version: int
    wanted: int
    standing: str
    copy: str = ""


def ours(settings: Settings) -> Iterator[tuple[Path, Ledger]]:
    """Yield our SQLite files that are there; keys come first, since what they open comes after."""
    found = [
        (settings.keys.register, versions.REGISTER),
        (settings.keys.store, versions.KEYS),
        (settings.books / LEDGER, versions.EVIDENCE),
        (settings.books / "books.db", versions.BOOKS),
        (settings.books / "messages.db", versions.MESSAGES),
    ]
    vault = vault_file(settings)
    found += [(vault, versions.VAULT)] if vault is not None else []
    yield from ((path, ledger) for path, ledger in found if path.exists() and path.stat().st_size)


def look(settings: Settings) -> list[File]:
    """Return how our files stand; nothing is changed."""
    found = []
    for path, ledger in ours(settings):
        standing, version = versions.look(path, ledger)
        found.append(File(path, version, ledger.version, standing.value))
    return found


def refuse(settings: Settings) -> None:
    """Raise BadInput where a file cannot be used by this program: newer, half, or not ours."""
    for path, ledger in ours(settings):
        versions.refuse(path, ledger)


def upgrade(settings: Settings) -> list[File]:
    """Upgrade every file that is older; raises before the first is touched where one of them cannot be."""
    if heartbeat.at_work(settings.books, stamp.now()):
        raise StoreTrouble("a service keeps these books now", help="stop `sekisho serve`, then upgrade")
    unfinished.refuse(settings.books)
    refuse(settings)
    done = []
    for path, ledger in ours(settings):
        _, version = versions.look(path, ledger)
        copy = versions.upgrade(path, ledger)
        if copy is not None and ledger in (versions.KEYS, versions.REGISTER):
            # a copy of keys that stays would outlive those who are erased tomorrow
            copy.unlink()
            copy = None
        done.append(File(path, version, ledger.version, Standing.CURRENT.value, copy.name if copy else ""))
    return done
