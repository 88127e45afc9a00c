"""Commands on evidence: show, verify, checkpoint, receipt, consistency, export, cosigned, expire; and the cosigner."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from sekisho.adapters.ledgers.cosign import cosign_file
from sekisho.adapters.ledgers.export import export as export_log
from sekisho.adapters.ledgers.keyfile import load_or_make_key
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE
from sekisho.evidence import note as notes
from sekisho.evidence.cosigner import Witnessed
from sekisho.evidence.kinds import KINDS
from sekisho.evidence.leaves import Recorded
from sekisho.evidence.receipt import verify_consistency, verify_receipt
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Tampered

FILE = click.Path(path_type=Path, dir_okay=False)
KEY = click.option("--key", required=True, metavar="KEY", help="the log's verifier key")
COSIGNER = click.option(
    "--cosigner", "cosigners", multiple=True, metavar="KEY", help="a cosigner's verifier key that must have signed"
)


@click.group()
def evidence() -> None:
    """Verify the log, prove entries, make checkpoints."""


@evidence.command("show")
@HERE
@click.option("--kind", default="", help="only entries of this kind")
@click.option("--clause", default="", help="only entries under this clause")
@click.option("--before", type=click.IntRange(min=0), default=None, help="only entries before this one")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1, 10_000), help="how many")
@MACHINE
def show_(folder: Path, kind: str, clause: str, before: int | None, count: int, machine: bool) -> None:
    """Print the newest entries."""
    if kind and kind not in KINDS:
        raise BadInput(f"`{kind}` is not a kind of entry", help=f"use one of: {', '.join(sorted(KINDS))}")
    found = Workspace(folder).log.latest(count, before, kind, clause)
    if machine:
        show.as_json([_as_json(item) for item in found])
        return
    rows = []
    for item in found:
        fields = item.entry.fields if item.entry else {}
        at = item.entry.at.strftime("%Y-%m-%d %H:%M:%S") if item.entry else "body dropped"
        actor = str(fields.get("actor", fields.get("person", "")))[:8]
        what = fields.get("code") or fields.get("decision") or fields.get("rows", "")
        rows.append((item.seq, at, item.kind, item.clause, fields.get("purpose", ""), actor, what))
    show.table(("entry", "at (UTC)", "kind", "clause", "purpose", "who", "what"), rows)


def _as_json(item: Recorded) -> dict[str, object]:
    entry = item.entry
    return {
        "entry": item.seq,
        "kind": item.kind,
        "clause": item.clause,
        "at": stamp.rfc3339(entry.at) if entry else None,
        "fields": entry.fields if entry else None,
    }


@evidence.command()
@HERE
@click.option("--key", default="", metavar="KEY", help="the log's verifier key; the folder's own when none is given")
@COSIGNER
@click.option(
    "--against", multiple=True, type=FILE, metavar="FILE", help="a checkpoint of this log that was kept elsewhere"
)
@MACHINE
def verify(folder: Path, key: str, cosigners: tuple[str, ...], against: tuple[Path, ...], machine: bool) -> None:
    """Recompute every leaf, tile, count and root from the stored bytes; name the first record that is wrong."""
    workspace = Workspace(folder)
    log_key = notes.Key.parse(key) if key else workspace.signer.key
    held = [text for path in against for text in _held(path, log_key)]
    verdict = workspace.log.verify(log_key, held)
    witnessed = workspace.log.witnessed(_keys(cosigners)) if verdict.sound else None
    if machine:
        show.as_json(
            {
                "sound": verdict.sound,
                "entries": verdict.size,
                "root": verdict.root.hex(),
                "wrong": verdict.wrong,
                "says": verdict.says,
                "witnessed": _witnessed_json(witnessed),
            }
        )
    if not verdict.sound:
        raise Tampered(verdict.says, help="compare with a backup and with the cosigner's checkpoint")
    if cosigners and witnessed is None:
        raise Tampered(
            "no checkpoint is signed by that cosigner",
            help="give it an export, and take its signature back: `sekisho evidence cosigned FILE`",
        )
    if not machine:
        show.done(f"{verdict.size} entries verify; root {verdict.root.hex()[:16]}…")
        show.say(f"  {_outside(witnessed)}")


def _held(path: Path, key: notes.Key) -> list[str]:
    texts = notes.several(_text(path))
    if not texts or any(notes.verify(text, key) is None for text in texts):
        raise BadInput("this is not a checkpoint signed by the log", help="see --key", place=path.name)
    return texts


def _keys(texts: Sequence[str]) -> list[notes.Key]:
    keys = [notes.Key.parse(text) for text in texts]
    for key in keys:
        if key.kind != notes.COSIGNATURE:
            raise BadInput(f"`{key.name}` is not a cosigner's key", help="`sekisho cosign` tells its own")
    return keys


def _outside(witnessed: Witnessed | None) -> str:
    if witnessed is None:
        return "not witnessed outside: a rollback of the whole would not be seen; see `sekisho cosign`"
    at = datetime.fromtimestamp(witnessed.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"witnessed outside: {witnessed.size} entries by `{witnessed.cosigner.name}` on {at} UTC"


def _witnessed_json(witnessed: Witnessed | None) -> dict[str, object] | None:
    if witnessed is None:
        return None
    at = stamp.rfc3339(datetime.fromtimestamp(witnessed.at, UTC))
    return {"cosigner": witnessed.cosigner.text, "entries": witnessed.size, "root": witnessed.root.hex(), "at": at}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("the file cannot be read", help="check its path; it is a text", place=path.name) from error


def _document(path: Path, what: str) -> object:
    try:
        return json.loads(_text(path))
    except ValueError as error:
        raise BadInput(f"this is not a {what}", help="it is JSON, as printed", place=path.name) from error


@evidence.command()
@HERE
def checkpoint(folder: Path) -> None:
    """Sign the log as it is and print the checkpoint; give it to your cosigner."""
    workspace = Workspace(folder)
    click.echo(workspace.log.checkpoint(workspace.signer), nl=False)
    show.hint(f"verifier key: {workspace.signer.key.text}")


@evidence.command()
@click.argument("seq", type=int)
@HERE
@click.option("--without-body", is_flag=True, help="prove only that a leaf is there, and tell nothing of it")
def receipt(seq: int, folder: Path, without_body: bool) -> None:
    """Print what proves entry SEQ to anybody, offline: its body, salt, inclusion proof and a checkpoint."""
    show.as_json(Workspace(folder).log.receipt(seq, body=not without_body))


@evidence.command("check-receipt")
@click.argument("file", type=FILE)
@KEY
@COSIGNER
def check_receipt(file: Path, key: str, cosigners: tuple[str, ...]) -> None:
    """Verify a receipt with nothing but the log's key, and the cosigner's where it must have signed."""
    wrong = verify_receipt(_document(file, "receipt"), notes.Key.parse(key), _keys(cosigners))
    if wrong:
        raise Tampered(wrong, help="ask for the receipt again", place=file.name)
    show.done("the receipt holds: this entry is in the log")


@evidence.command()
@click.argument("old", type=int)
@click.argument("new", type=int, required=False)
@HERE
def consistency(old: int, new: int | None, folder: Path) -> None:
    """Print what proves that the first OLD entries are the beginning of the first NEW, or of all."""
    log = Workspace(folder).log
    show.as_json(log.consistency(old, log.size if new is None else new))


@evidence.command("check-consistency")
@click.argument("file", type=FILE)
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@KEY
def check_consistency(file: Path, old: Path, new: Path, key: str) -> None:
    """Verify that the checkpoint in NEW extends the one in OLD, by the proof in FILE and the log's key."""
    before, after = (notes.Checkpoint.parse(_held(path, notes.Key.parse(key))[-1]) for path in (old, new))
    wrong = verify_consistency(_document(file, "consistency proof"), before, after)
    if wrong:
        raise Tampered(wrong, help="ask for the proof again; keep both checkpoints", place=file.name)
    show.done(f"the log of {after.size} entries begins with the {before.size} that were signed before")


@evidence.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@HERE
def export(target: Path, folder: Path) -> None:
    """Write what outsiders may have into TARGET: leaf hashes and checkpoints, no bodies; again, only what is new."""
    workspace = Workspace(folder)
    size, fresh = export_log(workspace.log, target, workspace.signer.key)
    show.done(f"{size} leaf hashes, {fresh} of them new, and the checkpoints are in {target}")
    show.hint("anybody verifies it with tools/verify_evidence.py; a cosigner signs it with `sekisho cosign`")


@evidence.command()
@click.argument("file", type=FILE)
@click.option("--cosigner", required=True, metavar="KEY", help="the cosigner's verifier key, as they gave it to you")
@HERE
def cosigned(file: Path, cosigner: str, folder: Path) -> None:
    """Take back the checkpoint in FILE that a cosigner signed: verified, kept, and recorded in the log."""
    workspace = Workspace(folder)
    texts = notes.several(_text(file))
    if len(texts) != 1:
        raise BadInput("this is not one checkpoint", help="it is what `sekisho cosign` prints", place=file.name)
    key = notes.Key.parse(cosigner)
    found = workspace.log.cosigned(texts[0], workspace.signer.key, key, workspace.clock())
    show.done(_outside(found))


@evidence.command()
@click.option("--before", required=True, type=click.DateTime(["%Y-%m-%d"]), help="a day; older bodies are dropped")
@HERE
def expire(before: datetime, folder: Path) -> None:
    """Drop the bodies of entries older than a day (UTC), as their promise says; leaves and proofs stay."""
    workspace = Workspace(folder)
    now, limit = workspace.clock(), before.replace(tzinfo=UTC)
    if limit > now:
        raise BadInput("that day is not over", help="name a day in the past")
    show.done(f"{workspace.log.expire(limit, now)} bodies dropped; every proof still holds")


@click.command()
@click.argument("exported", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--memory", required=True, type=FILE, help="your own file: what you signed last, and the log's key")
@click.option("--key", "key_file", required=True, type=FILE, help="your own private key; made on first need")
@click.option("--name", default="cosigner", show_default=True, help="your name in signatures, for instance a host")
@click.option(
    "--log-key", default="", metavar="KEY", help="the log's verifier key; when none is given, the first one seen"
)
def cosign(exported: Path, memory: Path, key_file: Path, name: str, log_key: str) -> None:
    """Sign the newest checkpoint of an EXPORTED log, if it extends what you signed last; refuse it otherwise."""
    signer = notes.Signer(name, load_or_make_key(key_file), notes.COSIGNATURE)
    key = notes.Key.parse(log_key) if log_key else None
    click.echo(cosign_file(exported, memory, signer, key), nl=False)
    show.hint(f"your verifier key: {signer.key.text}")
