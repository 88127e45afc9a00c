"""Commands on a folder: diff, notice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sekisho.app import releases
from sekisho.app.folder import Report, check_folder, kept_offline
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import FOLDER, HERE, MACHINE, unknown
from sekisho.ground.errors import BadInput
from sekisho.policy.coverage import Kept
from sekisho.policy.diff import Difference
from sekisho.policy.diff import diff as compare
from sekisho.policy.model import Policy
from sekisho.policy.notice import as_html, as_json, as_markdown


def _kept(folder: Path, report: Report) -> tuple[Kept, ...]:
    """Return how each clause is kept: as its stores say where settings name some, else as it would be."""
    if report.failed:
        return ()
    return Workspace(folder).kept()[0] if (folder / "sekisho.toml").exists() else kept_offline(report)


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
    make = {"markdown": as_markdown, "html": as_html, "json": as_json}["json" if machine else form]
    click.echo(make(policy, _kept(folder, report), language or policy.original))
