"""The command that is typed most: check. What it found is remembered, so nothing heavy is imported here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from sekisho.app.checked import Checked, ClauseKept
from sekisho.app.checked import check as read_folder
from sekisho.cli import show
from sekisho.cli.options import FOLDER, MACHINE
from sekisho.ground import stamp

LOCK = "policy.lock"


@dataclass(frozen=True, slots=True)
class Seen:
    """How each clause is kept and, where stores were looked at, by store what differs and how many holes there are."""

    clauses: tuple[ClauseKept, ...]
    stores: Mapping[str, tuple[Sequence[str], int]] = field(default_factory=dict)


@click.command()
@FOLDER
@click.option("--live", is_flag=True, help="look at the stores too")
@click.option("--strict", is_flag=True, help="look at the stores, and fail on clauses without a keeper or not applied")
@click.option("--notes", is_flag=True, help="show where notes stand and what can be done, too")
@MACHINE
def check(folder: Path, live: bool, strict: bool, notes: bool, machine: bool) -> int:
    """Read the policy, its lock and the maps of FOLDER; say what is wrong, where, and what to do."""
    found = read_folder(folder.resolve(), stamp.now().date())
    seen = _live(folder) if found.compiled and (live or strict) else Seen(found.clauses)
    bad = not found.compiled or any(c.state == "broken" for c in seen.clauses)
    if strict:
        bad = bad or any(c.state in ("no keeper", "compiled, not applied") for c in seen.clauses)
    if machine:
        _as_json(found, seen, bad)
        return 2 if bad else 0
    _told(found, notes)
    if not found.compiled:
        errors = sum(t.severity == "error" for t in found.told)
        show.complain("error", f"{errors} {'mistake' if errors == 1 else 'mistakes'}, so nothing was compiled")
        return 2
    if os.access(folder, os.W_OK) and _write_lock(folder, found.lock):
        show.done(f"{LOCK} is up to date; commit it with the policy")
    _summary(found, seen, live or strict)
    return 2 if bad else 0


def _live(folder: Path) -> Seen:
    # only a live check opens stores
    from sekisho.app.report import clauses  # noqa: PLC0415
    from sekisho.app.wire import Workspace  # noqa: PLC0415

    kept, checks, _ = Workspace(folder).kept()
    return Seen(clauses(kept), {c.store: (c.differences, len(c.holes)) for c in checks})


def _write_lock(folder: Path, text: str) -> bool:
    path = folder / LOCK
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def _told(found: Checked, notes: bool) -> None:
    """Print what is wrong where it stands; notes, which ask for nothing, as one line each."""
    short = [t for t in found.told if t.severity == "note" and not notes]
    for told in found.told:
        if told not in short:
            show.say(told.shown + "\n")
    for told in short:
        show.hint(f"note: {told.message}")
    if short:
        show.hint("`--notes` says where, and what can be done")


def _summary(found: Checked, seen: Seen, live: bool) -> None:
    warnings = sum(t.severity == "warning" for t in found.told)
    promising = sum(c.state != "prose" for c in seen.clauses)
    stores = ", ".join(found.stores) or "no store"
    show.done(f"{promising} clauses promise something; maps: {stores}; {warnings} warnings")
    counts = [(state, sum(c.state == state for c in seen.clauses)) for state in found.states]
    show.table(("how it is kept", "clauses"), [(state, count) for state, count in counts if count])
    for store, (differences, _) in seen.stores.items():
        for difference in differences:
            show.complain(f"store {store}", difference)
    if not live:
        show.hint("stores were not looked at; `--live` does that")


def _as_json(found: Checked, seen: Seen, bad: bool) -> None:
    show.as_json(
        {
            "ok": not bad,
            "diagnostics": [
                {
                    "code": t.code,
                    "severity": t.severity,
                    "message": t.message,
                    "help": t.help,
                    "article": t.article,
                    "file": t.file,
                    "position": t.position,
                }
                for t in found.told
            ],
            "clauses": {c.clause: {"state": c.state, "rules": c.rules, "evidence": c.evidence} for c in seen.clauses},
            "stores": {s: {"differences": d, "holes": h} for s, (d, h) in seen.stores.items()},
        }
    )
