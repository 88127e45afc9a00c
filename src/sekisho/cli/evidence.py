"""Commands on evidence: show, verify, checkpoint, receipt, check a receipt, export; and the cosigner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TextIO

import click

from sekisho.adapters.ledgers.cosign import cosign_file
from sekisho.adapters.ledgers.evidence import load_or_make_key
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.gate import HERE
from sekisho.evidence import note as notes
from sekisho.evidence.log import verify_receipt
from sekisho.ground.errors import BadInput, Tampered


@click.group()
def evidence() -> None:
    """Verify the log, prove entries, make checkpoints."""


@evidence.command("show")
@HERE
@click.option("--kind", default="")
@click.option("--clause", default="")
@click.option("-n", "count", default=20, show_default=True)
def show_(folder: Path, kind: str, clause: str, count: int) -> None:
    """Print the newest entries."""
    log = Workspace(folder).log
    rows = []
    for item in log.latest(count, kind=kind, clause=clause):
        fields = item.entry.fields if item.entry else {}
        at = item.entry.at.strftime("%Y-%m-%d %H:%M:%S") if item.entry else "body dropped"
        actor = str(fields.get("actor", fields.get("person", "")))[:8]
        what = fields.get("code") or fields.get("decision") or fields.get("rows", "")
        rows.append((item.seq, at, item.kind, item.clause, fields.get("purpose", ""), actor, what))
    show.table(("entry", "at (UTC)", "kind", "clause", "purpose", "who", "what"), rows)


@evidence.command()
@HERE
def verify(folder: Path) -> int:
    """Recompute every leaf and root from the stored bytes; name the first record that is wrong."""
    workspace = Workspace(folder)
    verdict = workspace.log.verify(workspace.signer.key)
    if verdict.sound:
        show.done(f"{verdict.size} entries verify; root {verdict.root.hex()[:16]}…")
        return 0
    raise Tampered(verdict.says, help="compare with a backup and with the cosigner's checkpoint")


@evidence.command()
@HERE
def checkpoint(folder: Path) -> None:
    """Sign the log as it is and print the checkpoint; give it to your cosigner."""
    workspace = Workspace(folder)
    click.echo(workspace.log.checkpoint(workspace.signer), nl=False)
    show.err.print(f"[dim]verifier key: {workspace.signer.key.text}[/]")


@evidence.command()
@click.argument("seq", type=int)
@HERE
def receipt(seq: int, folder: Path) -> None:
    """Print what proves entry SEQ to anybody, offline."""
    show.as_json(Workspace(folder).log.receipt(seq))


@evidence.command("check-receipt")
@click.argument("file", type=click.File("r"))
@click.option("--key", required=True, help="the log's verifier key")
def check_receipt(file: TextIO, key: str) -> None:
    """Verify a receipt with nothing but the log's key."""
    try:
        document = json.load(file)
    except ValueError as error:
        raise BadInput("this is not a receipt", help="it is the JSON that `evidence receipt` prints") from error
    wrong = verify_receipt(document, notes.Key.parse(key)) if isinstance(document, dict) else "this is not a receipt"
    if wrong:
        raise Tampered(wrong, help="ask for the receipt again")
    show.done("the receipt holds: this entry is in the log")


@evidence.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@HERE
def export(target: Path, folder: Path) -> None:
    """Write what outsiders may have into TARGET: leaf hashes and checkpoints, no bodies."""
    workspace = Workspace(folder)
    target.mkdir(parents=True, exist_ok=True)
    size = workspace.log.size
    with (target / "leaves").open("wb") as file:
        for row in workspace.log.store.rows(0, size):
            file.write(row.leaf)
    (target / "checkpoints").write_text("\n".join(reversed(workspace.log.store.checkpoints(10_000))), encoding="utf-8")
    (target / "key").write_text(workspace.signer.key.text + "\n", encoding="utf-8")
    show.done(f"{size} leaf hashes and the checkpoints are in {target}; verify with tools/verify_evidence.py")


@click.command()
@click.argument("exported", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--memory", required=True, type=click.Path(path_type=Path), help="your own file: what you signed last")
@click.option(
    "--key", "key_file", required=True, type=click.Path(path_type=Path), help="your own private key; made on first need"
)
@click.option("--name", default="cosigner", show_default=True)
def cosign(exported: Path, memory: Path, key_file: Path, name: str) -> None:
    """Sign the newest checkpoint of an EXPORTED log, if it extends what you signed last; refuse it otherwise."""
    signer = notes.Signer(name, load_or_make_key(key_file), notes.COSIGNATURE)
    click.echo(cosign_file(exported, memory, signer), nl=False)
    show.err.print(f"[dim]your verifier key: {signer.key.text}[/]")
