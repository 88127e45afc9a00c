"""Commands on versions of the policy: sign, publish, verify."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.app import releases
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE
from sekisho.ground.errors import Tampered


@click.group()
def policy() -> None:
    """Sign, publish and verify versions."""


@policy.command()
@HERE
def sign(folder: Path) -> None:
    """Print what would be signed, as JSON: the version's facts, the digest of each text, and the whole's."""
    made = releases.current(Workspace(folder))
    show.as_json({**made.document, "digest": made.digest})


@policy.command()
@HERE
def publish(folder: Path) -> None:
    """Sign this version with the policy key, keep it for ever, and record it."""
    made = releases.publish(Workspace(folder))
    show.done(f"version {made.version} is published ({made.digest[:16]}…)")


@policy.command()
@HERE
@MACHINE
def verify(folder: Path, machine: bool) -> None:
    """Verify the signature of every published version against the texts that lie there."""
    found = releases.published(Workspace(folder))
    if machine:
        show.as_json([{"version": p.version, "digest": p.digest, "sound": p.sound} for p in found])
    elif not found:
        show.say("nothing is published yet; `sekisho policy publish` signs this version")
    else:
        rows = [(p.version, p.digest[:16], "holds" if p.sound else "BROKEN") for p in found]
        show.table(("version", "content hash", "signature"), rows)
    broken = [p.version for p in found if not p.sound]
    if broken:
        raise Tampered(f"version {broken[0]} is not what was signed", help="restore its folder from a backup")
