"""Commands that practise what one hopes never to need."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from sekisho.app.drill import drill_restore
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE


@click.group()
def drill() -> None:
    """Practise, measure, and record that it was done."""


@drill.command()
@HERE
@MACHINE
def restore(folder: Path, machine: bool) -> int:
    """Back up and restore beside the books; tell how long it took and what would be lost. Exit code 2 if it failed."""
    found = drill_restore(Workspace(folder))
    if machine:
        show.as_json(asdict(found))
    else:
        rows = [
            ("copied", f"{found.bytes / 1e6:.1f} MB in {found.backup_seconds:.2f} s"),
            ("recovery time", f"{found.restore_seconds:.2f} s: unseal, verify every entry, put in place, compare"),
            ("entries", f"{found.entries} came back, {found.entries_since} were made since the copy"),
            ("decisions", f"{found.decisions} came back, {found.decisions_since} were made since the copy"),
        ]
        show.table(("restore drill", ""), rows)
        if found.passed:
            show.done("everything came back; recorded in the evidence log")
        else:
            show.complain("error", found.trouble, "look at the disk, then run the drill again")
    return 0 if found.passed else 2
