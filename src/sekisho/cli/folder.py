"""Commands on a folder: init, check, diff, notice."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sekisho.app.wire import LOCK, Report, Workspace, check_folder, kept_offline, write_lock
from sekisho.cli import show
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput
from sekisho.policy.coverage import Figures, Kept, State, figures
from sekisho.policy.diff import diff as compare
from sekisho.policy.notice import as_html, as_json, as_markdown
from sekisho.policy.source import Severity, render

FOLDER = click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
SPECIMEN = """---
policy: Privacy policy of Your Studio
version: {today}
effective: {today}
signed-by: {{name: Your Name, title: Representative}}
controller: {{name: Your Studio, representative: Your Name, address: Your address, email: privacy@example.com}}
law: eu-gdpr
timezone: Europe/Berlin
---

# Privacy policy

## Customers {{#customers of=customer}}

```promise
subject: customer
means: people who bought something
```

- We send you what you bought, using your name and address. {{#shipping}}

```promise
purpose: shipping
uses: [name, contact.postal]
because: contract
keep: 1 year after last order
```

## Contact {{#contact}}

Write to us about anything here.

```promise
contact: privacy-desk
team: Privacy desk
email: privacy@example.com
```
"""
SPECIMEN_MAP = """store: shop
engine: sqlite
tables:
  customers:
    subject: customer
    key: id
    columns: {id: key, name: name, address: contact.postal, email: contact.email}
logins:
  shop_shipping: {purposes: [shipping]}
"""
SPECIMEN_SETTINGS = """[stores.shop]
url = "sqlite:///shop.db"
map = "map/shop.yaml"

[books]
path = "books"
"""


@click.command()
@FOLDER
def init(folder: Path) -> None:
    """Begin a policy, a map and settings in FOLDER; nothing that is there is overwritten."""
    files = {
        "policy.md": SPECIMEN.format(today=stamp.now().date().isoformat()),
        "map/shop.yaml": SPECIMEN_MAP,
        "sekisho.toml": SPECIMEN_SETTINGS,
    }
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise BadInput(f"`{there[0]}` is there already", help="name an empty folder", place=str(folder))
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        show.done(name)
    show.say("next: edit policy.md, then `sekisho check`")


@click.command()
@FOLDER
@click.option("--live", is_flag=True, help="look at the stores too")
@click.option("--strict", is_flag=True, help="fail on clauses without a keeper or not applied")
@click.option("--json", "machine", is_flag=True, help="print JSON")
def check(folder: Path, live: bool, strict: bool, machine: bool) -> int:
    """Read the policy, its lock and the maps of FOLDER; say what is wrong, where, and what to do."""
    report = check_folder(folder.resolve())
    kept = _kept(folder, report, live)
    bad = report.failed or any(k.state is State.BROKEN for k in kept)
    if strict:
        bad = bad or any(k.state in (State.NO_KEEPER, State.NOT_APPLIED) for k in kept)
    if machine:
        _check_json(report, kept, bad)
        return 2 if bad else 0
    for diagnostic in report.diagnostics:
        source = report.sources.get(diagnostic.span.file) if diagnostic.span else None
        show.say(render(diagnostic, source) + "\n")
    if report.compiled.policy is not None and not report.failed:
        if os.access(folder, os.W_OK) and write_lock(folder, report):
            show.done(f"{LOCK} is up to date; commit it with the policy")
        _summary(report, figures(kept), live)
    return 2 if bad else 0


def _kept(folder: Path, report: Report, live: bool) -> tuple[Kept, ...]:
    if report.compiled.policy is None or report.failed:
        return ()
    if live:
        return Workspace(folder).kept()[0]
    return kept_offline(report)


def _summary(report: Report, found: Figures, live: bool) -> None:
    warnings = sum(d.severity is Severity.WARNING for d in report.diagnostics)
    stores = ", ".join(m.store for m in report.maps) or "no store"
    show.done(f"{found.promising} clauses promise something; maps: {stores}; {warnings} warnings")
    rows = [(state.value, count) for state, count in found.by_state.items() if count]
    show.table(("how it is kept", "clauses"), rows)
    if not live:
        show.say("stores were not looked at; `--live` does that")


def _check_json(report: Report, kept: tuple[Kept, ...], bad: bool) -> None:
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
            "clauses": {k.clause: {"state": k.state.value, "rules": k.rules, "evidence": k.count} for k in kept},
        }
    )


@click.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "machine", is_flag=True, help="print JSON")
def diff(old: Path, new: Path, machine: bool) -> None:
    """Say what changed from the policy in folder OLD to that in NEW: wording, narrowed, widened, who must approve."""
    before, after = (check_folder(f.resolve()).compiled.policy for f in (old, new))
    if before is None or after is None:
        raise BadInput("one of the policies does not compile", help="run `sekisho check` on it")
    found = compare(before, after)
    if machine:
        show.as_json(
            [
                {
                    "clause": d.clause,
                    "change": d.change.value,
                    "reasons": d.reasons,
                    "affects": d.affects,
                    "approval": d.approval,
                }
                for d in found
            ]
        )
        return
    if not found:
        show.say("nothing changed")
    show.table(
        ("clause", "change", "why", "whose data", "approval"),
        [
            (f"#{d.clause}", d.change.value, "; ".join(d.reasons), ", ".join(d.affects), "needed" if d.approval else "")
            for d in found
        ],
    )


@click.command()
@FOLDER
@click.option("--language", default="", help="which language; the original when none is named")
@click.option("--format", "form", type=click.Choice(["markdown", "html", "json"]), default="markdown")
def notice(folder: Path, language: str, form: str) -> None:
    """Print the policy of FOLDER as people read it, each clause with how it is kept where stores can be asked."""
    report = check_folder(folder.resolve())
    policy = report.compiled.policy
    if policy is None:
        raise BadInput("the policy does not compile", help="run `sekisho check`")
    kept = _kept(folder, report, (folder / "sekisho.toml").exists())
    make = {"markdown": as_markdown, "html": as_html, "json": as_json}[form]
    click.echo(make(policy, kept, language or policy.original))
