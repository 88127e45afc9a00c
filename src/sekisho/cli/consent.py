"""Recording what a person decided, from the desk."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, unknown
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
    workspace = Workspace(folder)
    place = _place(workspace, person)
    strange = workspace.people.person(place) is None
    decided = workspace.decide(place, purpose, Decision(decision), by="guardian" if guardian else "self")
    show.done(f"recorded; obeyed from the next statement on in: {', '.join(decided.stores) or 'no store'}")
    if strange:
        show.hint("nobody was known under this key before; it was taken as it stands")
    if decided.waiting:
        show.say(f"does not answer, and follows when it is back: {', '.join(decided.waiting)}")


def _place(workspace: Workspace, person: str) -> Place:
    """Return where a person's row stands; raises BadInput with what exists where the words name nothing."""
    parts = person.split(":", 2)
    if len(parts) != 3 or not all(parts):
        raise BadInput("this does not name a person", help="write store:class:key, for instance shop:customer:42")
    place = Place(*parts)
    stores = {s.name for s in workspace.settings.stores}
    if place.store not in stores:
        raise unknown(place.store, "a store of these settings", stores, "--person")
    classes = {t.subject for t in workspace.store(place.store).rules.tables if t.subject}
    if place.subject not in classes:
        raise unknown(place.subject, f"a class of people in store `{place.store}`", classes, "--person")
    return place
