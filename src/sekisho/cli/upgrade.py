"""The command after a new version of the program was installed."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.app import settings
from sekisho.app import upgrade as upgrades
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE
from sekisho.ground.errors import SekishoError

CURRENT = "current"


@click.command()
@HERE
@click.option("--check", "checking", is_flag=True, help="only look; the exit code is 2 where something is to be done")
@MACHINE
def upgrade(folder: Path, checking: bool, machine: bool) -> int:
    """Bring the files of books and keys to this version, each after a copy beside it, and name stores to plan anew."""
    said = settings.read(folder)
    found = upgrades.look(said) if checking else upgrades.upgrade(said)
    stores = _to_plan(folder)
    if machine:
        files = [{"file": f.path.name, "version": f.version, "wanted": f.wanted, "is": f.standing} for f in found]
        show.as_json({"files": files, "stores": stores})
    else:
        rows = [
            (f.path.name, f.version, f.wanted, f"upgraded; before: {f.copy}" if f.copy else f.standing) for f in found
        ]
        show.table(("file", "was", "wanted", ""), rows)
        if any(f.copy for f in found):
            show.hint("the copies hold what the files held: destroy them when all is well")
        for name in stores:
            show.hint(f"store `{name}` is not as this version makes it: read `sekisho gate plan {name}`, then apply it")
    return 2 if checking and (stores or any(f.standing != CURRENT for f in found)) else 0


def _to_plan(folder: Path) -> list[str]:
    """Return the stores that answer and are not as they would be applied now."""
    found = []
    try:
        stores = Workspace(folder).stores()
    except SekishoError as error:
        show.hint(f"the stores were not looked at: {error}")
        return []
    for store in stores:
        try:
            plan = store.plan()
        except SekishoError as error:
            show.hint(f"store `{store.name}` was not looked at: {error}")
            continue
        if plan.up or plan.down:
            found.append(store.name)
    return found
