"""Releases on disk: each published version with its texts, lock, document and signature, never overwritten."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sekisho.adapters.ledgers.evidence import load_or_make_key
from sekisho.app.wire import Workspace, check_folder, texts_of
from sekisho.evidence.kinds import Entry
from sekisho.evidence.note import Signer
from sekisho.ground.errors import BadInput, Tampered
from sekisho.policy.model import Policy
from sekisho.policy.sign import Release, release, sign, verify


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
        compiled = check_folder(self.folder).compiled.policy
        if compiled is None:
            raise Tampered(f"version {self.version} no longer compiles", help="restore it from a backup")
        return compiled


def _signer(workspace: Workspace) -> Signer:
    return Signer("policy", load_or_make_key(workspace.settings.books / "keys" / "policy"))


def current(workspace: Workspace) -> Release:
    """Return the release that the folder's texts make now."""
    texts = {language or workspace.policy.original: s for language, s in texts_of(workspace.root).items()}
    return release(workspace.policy, texts, workspace.report.compiled.lock.text())


def publish(workspace: Workspace) -> Published:
    """Sign the folder's version and keep it; raises BadInput when that version is published with other texts."""
    made, signer = current(workspace), _signer(workspace)
    version = workspace.policy.version.isoformat()
    target = workspace.settings.books / "releases" / version
    if target.exists():
        there = _read(target, signer.key.public)
        if there.digest == made.digest:
            return there
        raise BadInput(f"version {version} is published with another text", help="give the change a new `version:`")
    fresh = target.with_name(f".{version}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for source in texts_of(workspace.root).values():
        (fresh / source.name).write_text(source.text, encoding="utf-8")
    (fresh / "policy.lock").write_text(workspace.report.compiled.lock.text(), encoding="utf-8")
    signature = sign(made, signer.secret)
    document = {"document": made.document, "signature": signature.hex(), "key": signer.key.public.hex()}
    (fresh / "release.json").write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")
    fields = {"version": version, "digest": made.digest, "signature": hashlib.sha256(signature).hexdigest()}
    workspace.log.append([Entry("policy-published", workspace.clock(), fields)])
    fresh.rename(target)
    return _read(target, signer.key.public)


def _read(folder: Path, public: bytes) -> Published:
    kept = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    made = Release(kept["document"])
    policy = check_folder(folder).compiled
    texts = {language or str(_original(policy.policy)): s for language, s in texts_of(folder).items()}
    same = (
        policy.policy is not None and release(policy.policy, texts, (folder / "policy.lock").read_text("utf-8")) == made
    )
    return Published(
        folder.name, folder, made.document, made.digest, same and verify(made, bytes.fromhex(kept["signature"]), public)
    )


def _original(policy: Policy | None) -> str:
    return policy.original if policy is not None else ""


def published(workspace: Workspace) -> list[Published]:
    """Return every published version, newest first."""
    folder = workspace.settings.books / "releases"
    if not folder.exists():
        return []
    public = _signer(workspace).key.public
    return [_read(f, public) for f in sorted(folder.iterdir(), reverse=True) if (f / "release.json").exists()]
