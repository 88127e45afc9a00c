"""Backups as three things apart: the books, the evidence, the keys; never two of them in one place that a thief needs.

The evidence is copied first and the books after it, so that the log never knows of a decision that the books lack.
A thing is a folder that gets its name when it is whole; `manifest.json` in it says what it is, of when, and the digest
of every file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from sekisho.adapters.ledgers import copies
from sekisho.adapters.ledgers.keyfile import place
from sekisho.app import bundle
from sekisho.app.settings import Settings
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput

FORM = "sekisho-backup-1"
MANIFEST = "manifest.json"
LEDGER = "evidence.db"
SEALED = "keys.sealed"
CHECKPOINT = "checkpoint"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup says of itself; nothing in it is about anybody."""

    form: str
    thing: str
    at: str
    origin: str
    files: dict[str, str]
    """File → SHA-256."""
    entries: int = 0
    """Entries of the evidence log when this was copied."""
    decisions: int = 0
    changes: int = 0
    elsewhere: str = ""
    """What is not in here though it belongs to it, and how it is copied."""
    until: str = ""
    """By when keys must be destroyed; empty where nothing says so."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: which thing, where, and what it says."""

    path: Path
    manifest: Manifest


def back_up(
    settings: Settings,
    into: Path,
    keys_into: Path | None = None,
    passphrase: str = "",
    clock: stamp.Clock = stamp.now,
) -> list[Made]:
    """Copy evidence and books into a folder and, where a place of their own is named, the keys into that.

    Raises BadInput where keys would lie beside the books, or open.
    """
    if not (settings.books / LEDGER).exists():
        raise BadInput("there is nothing to copy: no evidence log is here yet", help="look at `path` under [books]")
    at = clock()
    if keys_into is not None:
        _apart(settings, into, keys_into)
        bundle.check(settings, passphrase, os.environ)
    made = [_evidence(settings, into, at), _books(settings, into, at)]
    if keys_into is not None:
        made.append(keys(settings, keys_into, at, passphrase))
    return made


def _apart(settings: Settings, into: Path, keys_into: Path) -> None:
    keys, others = keys_into.resolve(), (into.resolve(), settings.books.resolve())
    if any(keys == o or keys.is_relative_to(o) or o.is_relative_to(keys) for o in others):
        raise BadInput(
            "keys do not lie beside what they open",
            help="name a place for them outside the backup and the books: another volume, another safe",
        )


def _name(thing: str, at: datetime) -> str:
    return f"{thing}-{at:%Y%m%dT%H%M%S}-{at.microsecond // 1000:03d}Z"


def _finish(making: Path, final: Path, manifest: Manifest) -> Made:
    place(making / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
    return Made(final, manifest)


def _evidence(settings: Settings, into: Path, at: datetime) -> Made:
    name = _name("evidence", at)
    with copies.whole_folder(into, name) as making:
        copies.copy_database(settings.books / LEDGER, making / LEDGER)
        size, newest = copies.read_ledger(making / LEDGER)
        files = {LEDGER: copies.digest(making / LEDGER)}
        if newest:
            place(making / CHECKPOINT, newest.encode())
            files[CHECKPOINT] = copies.digest(making / CHECKPOINT)
        manifest = Manifest(FORM, "evidence", stamp.rfc3339(at), settings.origin, files, entries=size)
        return _finish(making, into / name, manifest)


def book_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield the SQLite files of the books, each with its name in a backup: all but evidence and keys."""
    apart = {settings.books / LEDGER, settings.keys.store, settings.keys.register}
    for path in sorted(settings.books.glob("*.db")):
        if path not in apart and path.is_file():
            yield path.name, path
    vault = vault_file(settings)
    if vault is not None and vault.parent != settings.books and vault.exists():
        yield "vault.db", vault


def vault_file(settings: Settings) -> Path | None:
    """Return the file of sealed records, or None where they lie in a server."""
    if not settings.vault_url.startswith("sqlite:///"):
        return None
    return settings.root / settings.vault_url.removeprefix("sqlite:///")


def _elsewhere(settings: Settings) -> str:
    said = []
    if settings.books_url:
        said.append("people and consent are in PostgreSQL: copy that database with pg_dump, after the evidence")
    if vault_file(settings) is None:
        said.append("sealed records are in PostgreSQL: copy that database with pg_dump")
    return "; ".join(said)


def _books(settings: Settings, into: Path, at: datetime) -> Made:
    name, files, numbers = _name("books", at), dict[str, str](), {"decisions": 0, "changes": 0}
    with copies.whole_folder(into, name) as making:
        for called, path in book_files(settings):
            copies.copy_database(path, making / called)
            files[called] = copies.digest(making / called)
        for path in sorted((settings.books / "releases").rglob("*")):
            if path.is_file():
                called = path.relative_to(settings.books).as_posix()
                files[called] = copies.copy_file(path, making / called)
        if (making / "books.db").exists():
            numbers = copies.read_books(making / "books.db")
        manifest = Manifest(
            FORM,
            "books",
            stamp.rfc3339(at),
            settings.origin,
            files,
            decisions=numbers["decisions"],
            changes=numbers["changes"],
            elsewhere=_elsewhere(settings),
        )
        return _finish(making, into / name, manifest)


def keys(settings: Settings, into: Path, at: datetime, passphrase: str) -> Made:
    """Copy the keys into a folder, sealed; where that lies is for the caller to judge."""
    name = _name("keys", at)
    sealed = bundle.sealed(settings, at, passphrase, os.environ)
    with copies.whole_folder(into, name) as making:
        place(making / SEALED, sealed)
        until = at + timedelta(days=settings.keys.horizon) if settings.keys.store.exists() else None
        manifest = Manifest(
            FORM,
            "keys",
            stamp.rfc3339(at),
            settings.origin,
            {SEALED: copies.digest(making / SEALED)},
            until="" if until is None else stamp.rfc3339(until),
        )
        return _finish(making, into / name, manifest)
