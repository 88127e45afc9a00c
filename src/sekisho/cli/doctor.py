"""Looking at this machine and this folder: what is there, what is missing, and what to do."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from pathlib import Path

import click

from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.gate import HERE
from sekisho.ground.errors import SekishoError


@click.command()
@HERE
def doctor(folder: Path) -> int:
    """Look at this machine and FOLDER; the exit code is 2 when something needs a remedy."""
    rows = [
        ("python", sys.version.split()[0], "ok" if sys.version_info >= (3, 11) else "install 3.11 or newer"),
        (
            "sqlite",
            sqlite3.sqlite_version,
            "ok" if sqlite3.sqlite_version_info >= (3, 38) else "3.38 or newer is needed",
        ),
    ]
    site = importlib.util.find_spec("django") is not None
    rows.append(
        ("site", "installed" if site else "absent", "ok" if site else "pip install 'sekisho[site]' for the pages")
    )
    rows += _folder(folder)
    show.table(("what", "found", "remedy"), rows)
    return 0 if all(r[2] == "ok" for r in rows) else 2


def _folder(folder: Path) -> list[tuple[str, str, str]]:
    try:
        workspace = Workspace(folder)
    except SekishoError as error:
        return [("folder", str(error), error.help)]
    rows = [("policy", f"{workspace.policy.name}, {workspace.policy.version}", "ok")]
    for check in workspace.check():
        remedy = "ok" if check.green else f"sekisho gate plan {check.store}"
        rows.append((f"store {check.store}", "as applied" if check.green else check.differences[0], remedy))
    verdict = workspace.log.verify()
    rows.append(("evidence", f"{verdict.size} entries", "ok" if verdict.sound else verdict.says))
    return rows
