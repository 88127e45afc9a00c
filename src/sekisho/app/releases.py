"""Releases on disk: each published version with its texts, lock, document and signature, never overwritten.

The order is: texts and signature lie ready beside the releases, the entry is recorded, the folder gets its name. So a
crash leaves a folder that is not yet published and has no entry, or one that has its entry and is given its name by
whoever looks next (`settle`). There is no release without its entry, and no entry without its release.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sekisho.adapters.ledgers.books import alone
from sekisho.adapters.ledgers.evidence import load_or_make_key
from sekisho.app.folder import LOCK, read_source, texts_of
from sekisho.app.wire import Workspace
from sekisho.evidence.kinds import Entry
from sekisho.evidence.note import Signer
from sekisho.ground import law
from sekisho.ground.errors import BadInput, SekishoError, Tampered
from sekisho.policy.compile import parse
from sekisho.policy.model import Policy
from sekisho.policy.sign import Release, release, sign, verify

DOCUMENT = "release.json"
KIND = "policy-published"


@dataclass(frozen=True, slots=True)
class Published:
    """A published version: its document, and whether the signature holds on the texts that lie there."""

    version: str
    folder: Path
    document: Mapping[str, object]
    digest: str
    sound: bool

    @property
    def policy(self) -> Policy:
        """The policy of that version, compiled from its own texts; raises Tampered when they no longer compile."""
        policy = _policy(self.folder)
        if policy is None:
            raise Tampered(f"version {self.version} no longer compiles", help="restore it from a backup")
        return policy


def _signer(workspace: Workspace) -> Signer:
    return Signer("policy", load_or_make_key(workspace.settings.books / "keys" / "policy"))


def _shelf(workspace: Workspace) -> Path:
    return workspace.settings.books / "releases"


def current(workspace: Workspace) -> Release:
    """Return the release that the folder's texts make now."""
    texts = {language or workspace.policy.original: s for language, s in texts_of(workspace.root).items()}
    return release(workspace.policy, texts, workspace.report.compiled.lock.text())


def publish(workspace: Workspace) -> Published:
    """Sign the folder's version and keep it; raises BadInput when that version is published with other texts."""
    made, signer, shelf = current(workspace), _signer(workspace), _shelf(workspace)
    version = workspace.policy.version.isoformat()
    shelf.mkdir(parents=True, exist_ok=True)
    with alone(workspace.settings.books):
        _settle(workspace)
        recorded = _recorded(workspace).get(version, made.digest)
        if recorded != made.digest:
            raise BadInput(f"version {version} is published with another text", help="give the change a new `version:`")
        if not (shelf / version).exists():
            _lay_ready(workspace, made, signer, shelf / f".{version}.new")
            if version not in _recorded(workspace):
                signature = hashlib.sha256(sign(made, signer.secret)).hexdigest()
                fields = {"version": version, "digest": made.digest, "signature": signature}
                workspace.log.append([Entry(KIND, workspace.clock(), fields)])
            (shelf / f".{version}.new").rename(shelf / version)
    return _read(shelf / version, signer.key.public)


def _lay_ready(workspace: Workspace, made: Release, signer: Signer, fresh: Path) -> None:
    """Write the release durably under a name that nobody reads yet."""
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    document = {
        "document": made.document,
        "signature": sign(made, signer.secret).hex(),
        "key": signer.key.public.hex(),
    }
    files = {source.name: source.text for source in texts_of(workspace.root).values()}
    files[LOCK] = workspace.report.compiled.lock.text()
    files[DOCUMENT] = json.dumps(document, ensure_ascii=False, indent=2)
    for name, text in files.items():
        with (fresh / name).open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _recorded(workspace: Workspace) -> dict[str, str]:
    """Return version → digest of every release in the log; a version's first entry is the one that counts."""
    count = workspace.log.count_by(kind=KIND)
    found = workspace.log.latest(count, kind=KIND) if count else []
    return {str(r.entry.fields["version"]): str(r.entry.fields["digest"]) for r in found if r.entry is not None}


def settle(workspace: Workspace) -> None:
    """Give their names to releases whose entry is recorded, where a crash came between the two."""
    if any(_shelf(workspace).glob(".*.new")):
        with alone(workspace.settings.books):
            _settle(workspace)


def _settle(workspace: Workspace) -> None:
    for fresh in _shelf(workspace).glob(".*.new"):
        version = fresh.name.removeprefix(".").removesuffix(".new")
        target = _shelf(workspace) / version
        digest = _recorded(workspace).get(version)
        if digest is not None and not target.exists() and _digest(fresh) == digest:
            fresh.rename(target)


def _digest(folder: Path) -> str:
    """Return the digest of the document that lies in a folder, or nothing where it was not written to its end."""
    try:
        return Release(json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))["document"]).digest
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _policy(folder: Path) -> Policy | None:
    """Compile a version without asking what the law or a map demands today: that does not break an old signature."""
    try:
        day, lock = date.fromisoformat(folder.name), read_source(folder, folder / LOCK)
        return parse(texts_of(folder), lock, law.load, day).policy
    except (SekishoError, ValueError):
        return None


def _read(folder: Path, public: bytes) -> Published:
    """Return what lies in a folder; a version that cannot be read is not sound, and hides no other."""
    try:
        kept = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        made, signature = Release(dict(kept["document"])), bytes.fromhex(kept["signature"])
        digest = made.digest
    except (OSError, ValueError, KeyError, TypeError):
        return Published(folder.name, folder, {}, "", False)
    return Published(
        folder.name, folder, made.document, digest, _same(folder, made) and verify(made, signature, public)
    )


def _same(folder: Path, made: Release) -> bool:
    policy = _policy(folder)
    if policy is None or made.document.get("version") != folder.name:
        return False
    try:
        texts = {language or policy.original: source for language, source in texts_of(folder).items()}
        return release(policy, texts, (folder / LOCK).read_text(encoding="utf-8")) == made
    except (OSError, ValueError, SekishoError):
        return False


def published(workspace: Workspace) -> list[Published]:
    """Return every published version, newest first; one that the log does not know is not sound."""
    settle(workspace)
    if not _shelf(workspace).exists():
        return []
    public, recorded = _signer(workspace).key.public, _recorded(workspace)
    whole = len(recorded) == workspace.log.count_by(kind=KIND)
    folders = [f for f in sorted(_shelf(workspace).iterdir(), reverse=True) if not f.name.startswith(".")]
    found = [_read(folder, public) for folder in folders if folder.is_dir()]
    # where a body was dropped from the log, only the signature can speak for the oldest versions
    return [
        p if recorded.get(p.version, "" if whole else p.digest) == p.digest else replace(p, sound=False) for p in found
    ]
