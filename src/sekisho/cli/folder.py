"""Commands on a folder: check, diff, notice."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from sekisho.app import releases
from sekisho.app.folder import LOCK, Report, check_folder, kept_offline, write_lock
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import FOLDER, HERE, MACHINE, unknown
from sekisho.gate.session import Check
from sekisho.ground.errors import BadInput
from sekisho.policy.coverage import Figures, Kept, State, figures
from sekisho.policy.diff import Difference
from sekisho.policy.diff import diff as compare
from sekisho.policy.model import Policy
from sekisho.policy.notice import as_html, as_json, as_markdown
from sekisho.policy.source import Severity, render


@click.command()
@FOLDER
@click.option("--live", is_flag=True, help="look at the stores too")
@click.option("--strict", is_flag=True, help="look at the stores, and fail on clauses without a keeper or not applied")
@click.option("--notes", is_flag=True, help="show where notes stand and what can be done, too")
@MACHINE
def check(folder: Path, live: bool, strict: bool, notes: bool, machine: bool) -> int:
    """Read the policy, its lock and the maps of FOLDER; say what is wrong, where, and what to do."""
    report = check_folder(folder.resolve())
    kept, checks = _kept(folder, report, live or strict)
    bad = report.failed or any(k.state is State.BROKEN for k in kept)
    if strict:
        bad = bad or any(k.state in (State.NO_KEEPER, State.NOT_APPLIED) for k in kept)
    if machine:
        _check_json(report, kept, checks, bad)
        return 2 if bad else 0
    _diagnostics(report, notes)
    if report.failed:
        errors = sum(d.severity is Severity.ERROR for d in report.diagnostics)
        show.complain("error", f"{errors} {'mistake' if errors == 1 else 'mistakes'}, so nothing was compiled")
    elif report.compiled.policy is not None:
        if os.access(folder, os.W_OK) and write_lock(folder, report):
            show.done(f"{LOCK} is up to date; commit it with the policy")
        _summary(report, figures(kept), checks, live or strict)
    return 2 if bad else 0


def _diagnostics(report: Report, notes: bool) -> None:
    """Print what is wrong where it stands; notes, which ask for nothing, as one line each."""
    short = [d for d in report.diagnostics if d.severity is Severity.NOTE and not notes]
    for diagnostic in report.diagnostics:
        if diagnostic not in short:
            source = report.sources.get(diagnostic.span.file) if diagnostic.span else None
            show.say(render(diagnostic, source) + "\n")
    for diagnostic in short:
        show.hint(f"note: {diagnostic.message}")
    if short:
        show.hint("`--notes` says where, and what can be done")


def _kept(folder: Path, report: Report, live: bool) -> tuple[tuple[Kept, ...], list[Check]]:
    if report.compiled.policy is None or report.failed:
        return (), []
    if live:
        kept, checks, _ = Workspace(folder).kept()
        return kept, checks
    return kept_offline(report), []


def _summary(report: Report, found: Figures, checks: list[Check], live: bool) -> None:
    warnings = sum(d.severity is Severity.WARNING for d in report.diagnostics)
    stores = ", ".join(m.store for m in report.maps) or "no store"
    show.done(f"{found.promising} clauses promise something; maps: {stores}; {warnings} warnings")
    show.table(
        ("how it is kept", "clauses"), [(state.value, count) for state, count in found.by_state.items() if count]
    )
    for one in checks:
        for difference in one.differences:
            show.complain(f"store {one.store}", difference)
    if not live:
        show.hint("stores were not looked at; `--live` does that")


def _check_json(report: Report, kept: tuple[Kept, ...], checks: list[Check], bad: bool) -> None:
    show.as_json(
        {
            "ok": not bad,
            "diagnostics": [
                {
                    "code": d.code,
                    "severity": d.severity.value,
                    "message": d.message,
                    "help": d.help,
                    "article": d.article,
                    "file": d.span.file if d.span else None,
                    "position": report.sources[d.span.file].position(d.span.start) if d.span else None,
                }
                for d in report.diagnostics
            ],
            "clauses": {
                k.clause: {"state": k.state.value, "rules": [str(r) for r in k.rules], "evidence": k.count}
                for k in kept
            },
            "stores": {c.store: {"differences": c.differences, "holes": len(c.holes)} for c in checks},
        }
    )


@click.command()
@click.argument("old")
@click.argument("new", default=".")
@HERE
@MACHINE
def diff(old: str, new: str, folder: Path, machine: bool) -> None:
    """Say what changed from OLD to NEW: wording, narrowed, widened, who is told and who must approve.

    OLD and NEW are folders with a policy, or dates of versions that the folder of -C has published.
    """
    found = compare(_version(old, folder), _version(new, folder))
    if machine:
        show.as_json([_difference(d) for d in found])
        return
    if not found:
        show.say("nothing changed")
        return
    show.table(
        ("clause", "change", "why", "who is told", "who must approve"),
        [
            (
                f"#{d.clause}",
                d.change.value,
                "; ".join(map(str, d.reasons)),
                ", ".join(d.affects),
                ", ".join(d.affects) or "nobody yet" if d.approval else "",
            )
            for d in found
        ],
    )
    wide = sorted({name for d in found if d.approval for name in d.numbers})
    if wide:
        show.say(f"under a new number, so that no approval given before counts: {', '.join(wide)}")


def _difference(d: Difference) -> dict[str, Any]:
    return {
        "clause": d.clause,
        "change": d.change.value,
        "reasons": [str(r) for r in d.reasons],
        "affects": d.affects,
        "approval": d.approval,
        "numbers": d.numbers,
    }


def _version(name: str, folder: Path) -> Policy:
    """Return the policy of a folder, or of a published version that is named by its date."""
    if (Path(name) / "policy.md").exists() or Path(name).exists():
        policy = check_folder(Path(name).resolve()).compiled.policy
        if policy is None:
            raise BadInput(f"the policy in `{name}` does not compile", help=f"run `sekisho check {name}`")
        return policy
    versions = {p.version: p for p in releases.published(Workspace(folder))}
    if name not in versions:
        raise unknown(name, "a folder or a published version", versions)
    return versions[name].policy


@click.command()
@FOLDER
@click.option("--language", default="", help="which language; the original when none is named")
@click.option("--format", "form", type=click.Choice(["markdown", "html", "json"]), default="markdown", help="as what")
@MACHINE
def notice(folder: Path, language: str, form: str, machine: bool) -> None:
    """Print the policy of FOLDER as people read it, each clause with how it is kept where stores can be asked."""
    report = check_folder(folder.resolve())
    policy = report.compiled.policy
    if policy is None:
        raise BadInput("the policy does not compile", help="run `sekisho check`")
    if language and language not in policy.languages:
        raise unknown(language, "a language of this policy", policy.languages)
    kept, _ = _kept(folder, report, (folder / "sekisho.toml").exists())
    make = {"markdown": as_markdown, "html": as_html, "json": as_json}["json" if machine else form]
    click.echo(make(policy, kept, language or policy.original))
