"""Looking at this machine and this folder: what is there, what is missing, and what to do."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from sekisho.app import releases
from sekisho.app.folder import LOCK
from sekisho.app.wire import Store, Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE
from sekisho.ground.errors import SekishoError

OK = "ok"
PYTHON, SQLITE = (3, 11), (3, 38)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at: what was found, and the remedy; `ok` where none is needed.

    What is `optional` may be missing: its remedy is shown, and nothing fails for it.
    """

    what: str
    found: str
    remedy: str = OK
    optional: bool = False

    @property
    def well(self) -> bool:
        """Whether nothing needs to be done."""
        return self.optional or self.remedy == OK


@click.command()
@HERE
@MACHINE
def doctor(folder: Path, machine: bool) -> int:
    """Look at this machine and the policy's folder; the exit code is 2 when something needs a remedy."""
    found = [*_machine(), *_folder(folder)]
    if machine:
        show.as_json([{"what": f.what, "found": f.found, "remedy": f.remedy, "ok": f.well} for f in found])
    else:
        show.table(("what", "found", "remedy"), [(f.what, f.found, f.remedy) for f in found])
    return 0 if all(f.well for f in found) else 2


def _machine() -> Iterator[Finding]:
    version = sys.version.split()[0]
    yield Finding("python", version, OK if sys.version_info >= PYTHON else "install 3.11 or newer")
    good = sqlite3.sqlite_version_info >= SQLITE
    yield Finding("sqlite", sqlite3.sqlite_version, OK if good else "3.38 or newer is needed")
    site = all(importlib.util.find_spec(name) is not None for name in ("django", "granian"))
    remedy = OK if site else "pip install 'sekisho[site]' for the pages"
    yield Finding("site", "installed" if site else "absent", remedy, optional=True)
    psql = shutil.which("psql")
    remedy = OK if psql else "install PostgreSQL's client where permits are to be pasted"
    yield Finding("psql", "installed" if psql else "absent", remedy, optional=True)


def _folder(folder: Path) -> Iterator[Finding]:
    try:
        workspace = Workspace(folder)
    except SekishoError as error:
        place = f"{error.place}: " if error.place else ""
        yield Finding("folder", f"{place}{error}", error.help or "run `sekisho check`")
        return
    policy = workspace.policy
    yield Finding("policy", f"{policy.name}, {policy.version}")
    try:
        ZoneInfo(policy.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Finding("time zone", f"{policy.timezone} is not known here", "pip install tzdata")
    kept = workspace.root / LOCK
    text = workspace.report.compiled.lock.text()
    agrees = kept.exists() and kept.read_text(encoding="utf-8") == text
    yield Finding("lock", "as the policy says" if agrees else "behind the policy", OK if agrees else "sekisho check")
    if not workspace.settings.stores:
        yield Finding("stores", "none", "name one in sekisho.toml: [stores.shop]")
    for setting in workspace.settings.stores:
        yield from _store(workspace, setting.name)
    yield from _books(workspace)


def _store(workspace: Workspace, name: str) -> Iterator[Finding]:
    what = f"store {name}"
    try:
        store: Store = workspace.store(name)
        found = store.check()
        if found.differences == ("nothing is applied",):
            yield Finding(what, "nothing is applied", f"sekisho gate plan {name}, then apply it")
            return
        yield Finding(
            what,
            "as applied" if found.green else found.differences[0],
            OK if found.green else f"sekisho gate plan {name}, then apply it",
        )
        wrong = store.verify() if found.green else 0
        if wrong:
            yield Finding(what, f"{wrong} rows do not show what people decided", f"sekisho gate apply {name}")
        if found.unmapped:
            more = f" and {len(found.unmapped) - 1} more" if len(found.unmapped) > 1 else ""
            yield Finding(what, f"no map knows {found.unmapped[0]}{more}", "give it a category in the map")
        ways = f"{len(found.holes)} {'way' if len(found.holes) == 1 else 'ways'} past the gate"
        yield Finding(what, ways, f"sekisho gate holes {name}", optional=True)
    except SekishoError as error:
        yield Finding(what, str(error), error.help)


def _books(workspace: Workspace) -> Iterator[Finding]:
    books = workspace.settings.books
    if not (books / "evidence.db").exists():
        yield Finding("books", "none yet", "they are made when a plan is applied", optional=True)
        return
    loose = [
        file.relative_to(books).as_posix()
        for file in sorted((*(books / "keys").glob("*"), *books.glob("*.db")))
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    yield Finding(
        "books",
        f"others may read `{loose[0]}`" if loose else "read by their owner alone",
        f"chmod 600 {books / loose[0]}" if loose else OK,
    )
    try:
        verdict = workspace.log.verify(workspace.signer.key)
        remedy = OK if verdict.sound else "compare with a backup and with the cosigner's checkpoint"
        yield Finding("evidence", f"{verdict.size} entries verify" if verdict.sound else verdict.says, remedy)
        yield from _version(workspace)
    except SekishoError as error:
        yield Finding("evidence", str(error), error.help)


def _version(workspace: Workspace) -> Iterator[Finding]:
    version = workspace.policy.version.isoformat()
    found = {p.version: p for p in releases.published(workspace)}
    broken = [p.version for p in found.values() if not p.sound]
    if broken:
        yield Finding("versions", f"version {broken[0]} is not what was signed", "restore its folder from a backup")
    elif version not in found:
        yield Finding("versions", f"version {version} is not published", "sekisho policy publish", optional=True)
    elif found[version].digest != releases.current(workspace).digest:
        yield Finding(
            "versions", f"the text is no longer that of version {version}", "give the change a new `version:`"
        )
    else:
        yield Finding("versions", f"{len(found)} published; this one is the newest text")
