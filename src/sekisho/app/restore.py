"""Putting backups back: everything is verified before anything is moved, and nothing that was there is destroyed.

After books come back, the decisions that the evidence log knows beyond them are entered again, and every store is
closed, so that what needs a yes opens only when the store has followed. A store that knows more than both keeps closed
until somebody says that it is lost.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers import copies, replay, versions
from sekisho.adapters.ledgers.books import open_books
from sekisho.adapters.ledgers.evidence import SqliteLeaves, load_or_make_key
from sekisho.app import bundle, heartbeat, unfinished
from sekisho.app.backup import CHECKPOINT, FORM, LEDGER, MANIFEST, SEALED, Manifest, book_files, vault_file
from sekisho.app.settings import Settings
from sekisho.app.wire import Workspace
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, SekishoError, StoreTrouble, Tampered

VERSIONED = {
    LEDGER: versions.EVIDENCE,
    "books.db": versions.BOOKS,
    "messages.db": versions.MESSAGES,
    "vault.db": versions.VAULT,
}
"""Files that a newer version may have written."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A backup that was verified: where it lies, and what it says."""

    path: Path
    manifest: Manifest


@dataclass(slots=True)
class Restored:
    """What a restore did, and what it could not know."""

    things: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    replayed: int = 0
    unknown: int = 0
    closed: list[str] = field(default_factory=list)
    """Stores that were closed; they open when they have followed."""
    away: list[str] = field(default_factory=list)
    ahead: list[str] = field(default_factory=list)
    """Stores that know decisions which the books lack now."""
    aside: str = ""
    """Where lies what was there before."""

    def as_dict(self) -> dict[str, object]:
        """Return it for machines."""
        return asdict(self)


def read(folder: Path) -> Thing:
    """Return a backup whose files are all there and as they were; raises BadInput and Tampered."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise BadInput(
            f"`{folder.name}` is no backup", help="give a folder that `sekisho backup` made, whole"
        ) from error
    if manifest.form != FORM or manifest.thing not in ("books", "evidence", "keys"):
        raise BadInput(f"`{folder.name}` is of another form", help="restore it with the version that wrote it")
    for name, digest in manifest.files.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Tampered("a manifest names a file outside its folder", help="restore another backup")
        if not path.is_file() or copies.digest(path) != digest:
            raise Tampered(f"`{name}` is not what was backed up", help="restore another backup", place=folder.name)
    return Thing(folder, manifest)


class Restore:
    """One restore into the books of some settings."""

    def __init__(
        self, settings: Settings, *, force: bool = False, passphrase: str = "", clock: stamp.Clock = stamp.now
    ) -> None:
        """Hold where it goes; nothing is touched yet."""
        self.settings, self._force, self._passphrase, self._clock = settings, force, passphrase, clock
        self._environ: Mapping[str, str] = os.environ
        self._aside = settings.books / f"replaced-{clock():%Y%m%dT%H%M%SZ}"
        self._staging = settings.books / ".restoring"

    # -- before ------------------------------------------------------------------------------------------------------

    def verify(self, folders: Sequence[Path]) -> dict[str, Thing]:
        """Verify backups and the place they go to; raises before anything is touched."""
        things: dict[str, Thing] = {}
        for folder in folders:
            thing = read(folder)
            if thing.manifest.thing in things:
                raise BadInput(f"two backups of {thing.manifest.thing}", help="give one of each")
            if thing.manifest.origin != self.settings.origin:
                raise BadInput(
                    f"this is a backup of `{thing.manifest.origin}`, and here is `{self.settings.origin}`",
                    help="give one of these books, or set `origin` under [site]",
                )
            things[thing.manifest.thing] = thing
        if heartbeat.at_work(self.settings.books, self._clock()):
            raise StoreTrouble("a service keeps these books now", help="stop `sekisho serve`, then restore")
        if not self._force and (found := [p.name for kind in things for p in self._there(kind)]):
            raise BadInput(
                f"there are {', '.join(f'`{n}`' for n in found[:4])} already",
                help="restore into an empty place, or say --force: what is there is moved aside",
            )
        return things

    def _there(self, kind: str) -> list[Path]:
        if kind == "keys":
            return bundle.there(self.settings)
        if kind == "evidence":
            return [p for p in (self.settings.books / LEDGER,) if p.exists()]
        return [path for _, path in book_files(self.settings)]

    # -- the deed ----------------------------------------------------------------------------------------------------

    def run(self, things: Mapping[str, Thing], *, register_lost: bool = False) -> Restored:
        """Put verified backups back: staged and looked at first, then moved; keys before all that they open.

        The mark of an unfinished restore stays until `settle` takes it away.
        """
        done = Restored()
        shutil.rmtree(self._staging, ignore_errors=True)
        try:
            opened = self._open(things["keys"]) if "keys" in things else None
            staged = {kind: self._stage(things[kind]) for kind in ("evidence", "books") if kind in things}
            unfinished.begin(self.settings.books, unfinished.HALF)
            if opened is not None:
                done.keys = bundle.put_back(
                    self.settings, opened, self._aside, self._environ, register_lost=register_lost
                )
                done.things.append("keys")
            for kind, files in staged.items():
                for name, path in files.items():
                    copies.put(path, self._place(name), self._aside)
                done.things.append(kind)
        finally:
            shutil.rmtree(self._staging, ignore_errors=True)
        done.aside = self._aside.name if self._aside.exists() else ""
        return done

    def _open(self, thing: Thing) -> bundle.Body:
        content = (thing.path / SEALED).read_bytes()
        return bundle.opened(content, self.settings, self._clock(), self._passphrase, self._environ)[1]

    def _place(self, name: str) -> Path:
        vault = vault_file(self.settings)
        return vault if name == "vault.db" and vault is not None else self.settings.books / name

    def _stage(self, thing: Thing) -> dict[str, Path]:
        """Copy a thing beside its place and look at the copies, since they are what will be moved."""
        staged = {}
        for name, digest in thing.manifest.files.items():
            if name == CHECKPOINT:
                continue
            path = self._staging / thing.manifest.thing / name
            if copies.copy_file(thing.path / name, path) != digest:
                raise Tampered(f"`{name}` is not what was backed up", help="restore another backup")
            if path.suffix == ".db":
                copies.check_whole(path)
                if name in VERSIONED:
                    versions.refuse(path, VERSIONED[name])
            staged[name] = path
        if thing.manifest.thing == "evidence":
            self._verify_log(thing, staged[LEDGER])
        return staged

    def _verify_log(self, thing: Thing, ledger: Path) -> None:
        """Verify the log of a backup from its first byte, by our own key where that is here and by its checkpoint."""
        key_file = self.settings.books / "keys" / "log"
        key = notes.Signer(self.settings.origin, load_or_make_key(key_file)).key if key_file.exists() else None
        checkpoint = thing.path / CHECKPOINT
        held = [checkpoint.read_text(encoding="utf-8")] if CHECKPOINT in thing.manifest.files else []
        with closing(SqliteLeaves(ledger)) as leaves:
            verdict = Log(leaves, self.settings.origin).verify(key, held)
        if not verdict.sound or verdict.size != thing.manifest.entries:
            raise Tampered(
                f"the evidence of this backup does not verify: {verdict.says or 'it is shorter than it says'}",
                help="restore another backup",
            )


# -- after ------------------------------------------------------------------------------------------------------------


def settle(workspace: Workspace, done: Restored, *, accept_loss: bool = False) -> Restored:
    """After a restore: enter again what the log knows beyond the books, close the stores, record what was done.

    Where a store knows changes that neither books nor log hold, a mark keeps the service from going on until it is said
    that they are lost; their numbers are not given again, or the next decisions would be taken for ones followed.
    """
    settings = workspace.settings
    engine = open_books(settings.books_url or settings.books / "books.db")
    try:
        _catch_up(workspace, engine, done, accept_loss=accept_loss)
    finally:
        engine.dispose()
    _record(workspace, done)
    return done


def _catch_up(workspace: Workspace, engine: Engine, done: Restored, *, accept_loss: bool) -> None:
    """Enter again what only the log knows; whatever dies here is done again from the beginning by the next restore."""
    books, positions = workspace.settings.books, _close(workspace, done)
    furthest = max(positions.values(), default=0)
    missing = workspace.log.count_by(kind="consent-decision") - replay.facts(engine)
    if missing > 0:
        # the log's order is the ledger's; the newest are those that the books lack
        entries = [r.entry for r in reversed(workspace.log.latest(missing, kind="consent-decision"))]
        if any(e is None for e in entries):
            raise StoreTrouble(
                "decisions after this backup are in the log without their bodies", help="restore later books"
            )
        again = replay.replay(engine, [e for e in entries if e is not None], furthest)
        done.replayed, done.unknown = again.decisions, again.unknown
    else:
        head = replay.changes(engine)
        done.ahead = sorted(name for name, position in positions.items() if position > head)
    if done.ahead and not accept_loss:
        unfinished.begin(books, unfinished.BEHIND)
    else:
        replay.skip(engine, furthest)
        unfinished.end(books)


def _close(workspace: Workspace, done: Restored) -> dict[str, int]:
    """Close what answers; what does not closes by its lease. Returns how far each store had followed."""
    positions = {}
    for store in workspace.stores():
        try:
            positions[store.name] = store.position()
            workspace.close(store.name)
            done.closed.append(store.name)
        except StoreTrouble:
            done.away.append(store.name)
    return positions


def _record(workspace: Workspace, done: Restored) -> None:
    entries = [Entry("incident", workspace.clock(), {"code": f"restored-{t}", "store": ""}) for t in done.things]
    if done.ahead:
        told = [Entry("incident", workspace.clock(), {"code": "books-behind", "store": s}) for s in done.ahead]
        entries += told
    workspace.log.append(entries)


def restore(
    settings: Settings,
    folders: Sequence[Path],
    *,
    force: bool = False,
    passphrase: str = "",
    register_lost: bool = False,
    accept_loss: bool = False,
) -> tuple[Restored, str]:
    """Restore backups and settle; returns what was done, and why it could not be settled, empty where it was."""
    deed = Restore(settings, force=force, passphrase=passphrase)
    things = deed.verify(folders)
    done = deed.run(things, register_lost=register_lost) if things else Restored()
    try:
        workspace = Workspace(settings.root)
        settle(workspace, done, accept_loss=accept_loss)
    except SekishoError as error:
        # what was put back stays; while it is not settled nothing is opened over it
        unfinished.begin(settings.books, unfinished.HALF)
        return done, f"{error}; {error.help}"
    return done, ""
