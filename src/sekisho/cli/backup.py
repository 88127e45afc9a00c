"""Commands on backups: make them, put them back."""

from __future__ import annotations

import os
from pathlib import Path

import click

from sekisho.app import backup as backups
from sekisho.app import restore as restores
from sekisho.app import settings
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput

PLACE = click.Path(path_type=Path, file_okay=False)
PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="what the keys are sealed under; else SEKISHO_BACKUP_PASSPHRASE, else the master key",
)


def passphrase_of(file: Path | None) -> str:
    """Return the passphrase of a file's first line, or of the environment; empty where neither is."""
    if file is None:
        return os.environ.get("SEKISHO_BACKUP_PASSPHRASE", "")
    try:
        return file.read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("the passphrase cannot be read", help="check the file", place=file.name) from error


@click.command()
@click.argument("into", type=PLACE)
@HERE
@click.option("--keys", "keys_into", type=PLACE, help="where the keys go: another place than INTO, another safe")
@PASSPHRASE
@MACHINE
def backup(into: Path, folder: Path, keys_into: Path | None, passphrase_file: Path | None, machine: bool) -> None:
    """Copy books and evidence into INTO, and the keys to a place of their own, while the service runs."""
    said = settings.read(folder)
    made = backups.back_up(said, into, keys_into, passphrase_of(passphrase_file))
    if machine:
        show.as_json({m.manifest.thing: {"folder": str(m.path), "at": m.manifest.at} for m in made})
        return
    for thing in made:
        show.done(f"{thing.manifest.thing}: {thing.path}{_numbers(thing.manifest)}")
        if thing.manifest.elsewhere:
            show.hint(thing.manifest.elsewhere)
    if keys_into is None:
        show.hint("the keys were not copied: name a place for them with --keys")


def _numbers(manifest: backups.Manifest) -> str:
    if manifest.thing == "evidence":
        return f", {manifest.entries} entries"
    if manifest.thing == "books":
        return f", {manifest.decisions} decisions"
    return f"; destroy it by {manifest.until[:10]}" if manifest.until else ""


@click.command()
@click.argument("things", nargs=-1, type=PLACE)
@HERE
@click.option("--force", is_flag=True, help="also where something is; what is there is moved aside")
@PASSPHRASE
@click.option("--register-lost", is_flag=True, help="there is no erasure register any more; take the one of the keys")
@click.option("--accept-loss", is_flag=True, help="what a store knows beyond books and log is lost; go on without it")
@MACHINE
def restore(
    things: tuple[Path, ...],
    folder: Path,
    force: bool,
    passphrase_file: Path | None,
    register_lost: bool,
    accept_loss: bool,
    machine: bool,
) -> int:
    """Put backups back (THINGS are folders that `backup` made), after verifying them; without one, go on with the last.

    The exit code is 6 while something is missing without which nothing may be opened.
    """
    began = stamp.now()
    done, trouble = restores.restore(
        settings.read(folder),
        things,
        force=force,
        passphrase=passphrase_of(passphrase_file),
        register_lost=register_lost,
        accept_loss=accept_loss,
    )
    seconds = (stamp.now() - began).total_seconds()
    behind = bool(done.ahead) and not accept_loss
    if machine:
        show.as_json({**done.as_dict(), "trouble": trouble, "seconds": seconds})
    else:
        _tell(done, seconds)
        if behind:
            show.complain(
                "error",
                f"these stores know decisions that the books lack now: {', '.join(done.ahead)}",
                "restore later books, or say that they are lost: `sekisho restore --accept-loss`",
            )
        if trouble:
            show.complain("error", trouble, "then `sekisho restore` again, without a backup")
    return 6 if trouble or behind else 0


def _tell(done: restores.Restored, seconds: float) -> None:
    if done.things:
        show.done(f"{', '.join(done.things)} put back and verified in {seconds:.1f} s")
    if done.aside:
        show.hint(f"what was there lies in {done.aside}/ beside the books; destroy it when it is not needed")
    if done.replayed:
        lost = f"; {done.unknown} of people these books do not know" if done.unknown else ""
        show.done(f"{done.replayed} decisions that only the evidence knew were entered again{lost}")
    if done.closed:
        show.say(f"closed until `sekisho serve` has let them follow: {', '.join(done.closed)}")
    if done.away:
        show.hint(f"away, closed by the lease: {', '.join(done.away)}")
