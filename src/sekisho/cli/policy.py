"""Commands on versions of the policy: sign, publish, verify."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.app import releases
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.gate import HERE
from sekisho.ground.errors import Tampered


@click.group()
def policy() -> None:
    """Sign, publish and verify versions."""


@policy.command()
@HERE
def sign(folder: Path) -> None:
    """Print what would be signed: the version's facts and the digest of each text."""
    made = releases.current(Workspace(folder))
    show.as_json(made.document)
    show.say(f"content hash {made.digest}")


@policy.command()
@HERE
def publish(folder: Path) -> None:
    """Sign this version with the policy key, keep it for ever, and record it."""
    made = releases.publish(Workspace(folder))
    show.done(f"version {made.version} is published ({made.digest[:16]}…)")


@policy.command()
@HERE
def verify(folder: Path) -> None:
    """Verify the signature of every published version against the texts that lie there."""
    found = releases.published(Workspace(folder))
    show.table(
        ("version", "content hash", "signature"),
        [(p.version, p.digest[:16], "holds" if p.sound else "BROKEN") for p in found],
    )
    if not all(p.sound for p in found):
        raise Tampered("a published version is not what was signed", help="restore its folder from a backup")
