"""Recording what a person decided, from the desk."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.gate import HERE
from sekisho.consent.facts import Decision
from sekisho.ground.errors import BadInput
from sekisho.people.model import Place


@click.command()
@click.argument("decision", type=click.Choice([d.value for d in Decision]))
@click.option("--person", required=True, help="store:class:key, for instance shop:customer:42")
@click.option("--purpose", required=True)
@click.option("--guardian", is_flag=True, help="a guardian decided")
@HERE
def consent(decision: str, person: str, purpose: str, guardian: bool, folder: Path) -> None:
    """Record a DECISION and carry it into every store; returns when they have committed it."""
    parts = person.split(":", 2)
    if len(parts) != 3 or not all(parts):
        raise BadInput(
            f"`{person}` does not name a person", help="write store:class:key, for instance shop:customer:42"
        )
    by = "guardian" if guardian else "self"
    decided = Workspace(folder).decide(Place(*parts), purpose, Decision(decision), by=by)
    show.done(f"recorded; obeyed from the next statement on in: {', '.join(decided.stores) or 'no store'}")
    if decided.waiting:
        show.say(f"does not answer, and follows when it is back: {', '.join(decided.waiting)}")
